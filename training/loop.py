"""The fine-tuning loop: views and labels in, a Transformers checkpoint out. Length-bucketed, resumable, deterministic.

The loss is binary cross-entropy per label plus a margin between the two sides of a contrast pair, which are kept in one
batch: what tells them apart is all that the pair teaches. Signals are dropped at random so that the text is read as well.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nlp.cues import COUNTERFEIT, LABELS
from nlp.reading import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import torch

    from nlp.classifier import View

__all__ = ["LoopConfig", "Row", "encode", "fit"]

_CHECKPOINT: Final = "checkpoint.pt"
_IGNORED: Final = -1.0  # a label that is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """Settings of one fine-tuning run; lengths are in tokens, ``checkpoint_seconds`` apart at least.

    ``device`` is torch's name of one, or "auto"; a graphics card computes in bfloat16.
    """

    epochs: int = 4
    batch_tokens: int = 4096
    learning_rate: float = 1e-4
    head_learning_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup: float = 0.06
    max_length: int = 160
    signal_dropout: float = 0.3
    margin: float = 2.0
    margin_weight: float = 0.3
    counterfeit_weight: float = 3.0
    label_smoothing: float = 0.02
    dropout: float = 0.1
    device: str = "auto"
    seed: int = 1
    threads: int = 2
    checkpoint_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training row: a view, its labels ``{name: 0.0 or 1.0}``, its contrast pair, and the one epoch that it is for, if any."""

    view: View
    labels: dict[str, float]
    pair: str | None = None
    epoch: int | None = None


def fit(
    rows: Sequence[Row],
    *,
    base: Path,
    output: Path,
    config: LoopConfig,
    report: Callable[[str], None] = print,
) -> Path:
    """Fine-tunes the checkpoint at ``base`` on ``rows``; gives the folder of the new checkpoint (in ``output``).

    Killed and called again with the same arguments it goes on from the last checkpoint and ends with the same weights.
    """
    import torch

    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    device = device_of(config.device)
    model, tokenizer = load_base(base, dropout=config.dropout)
    model = model.to(device)
    tokens = [encode(tokenizer, row.view, config.max_length) for row in rows]
    steps = [batch for epoch in range(config.epochs) for batch in _batches(rows, tokens, config, epoch)]
    optimiser = _optimiser(model, config)
    output.mkdir(parents=True, exist_ok=True)
    state = output / _CHECKPOINT
    first = _restore(state, model, optimiser) if state.exists() else 0
    model.train()
    began = saved = time.monotonic()
    for step in range(first, len(steps)):
        torch.manual_seed(
            config.seed * 1_000_003 + step
        )  # dropout does not depend on where a run was resumed
        loss = _step(
            model, optimiser, rows, tokens, steps[step], step, len(steps), config, tokenizer.pad_token_id
        )
        if step % 50 == 0 or step + 1 == len(steps):
            left = (time.monotonic() - began) / (step - first + 1) * (len(steps) - step - 1)
            report(f"step {step + 1}/{len(steps)}  loss {float(loss):.4f}  {left / 60:.1f} min left")
        if time.monotonic() - saved > config.checkpoint_seconds:
            _save(state, model, optimiser, step + 1)
            saved = time.monotonic()
    folder = output / "checkpoint"
    model.eval().cpu()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    state.unlink(missing_ok=True)
    return folder


def device_of(name: str) -> str:
    """``name``, or for "auto" the graphics card where there is one."""
    import torch

    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def load_base(base: Path, *, dropout: float | None = None) -> tuple[Any, Any]:
    """A classification model with our labels and signal tokens on the encoder at ``base``, and its tokenizer."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    tokenizer.add_tokens(list(SIGNALS), special_tokens=True)
    rates = (
        {} if dropout is None else {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    )
    model = AutoModelForSequenceClassification.from_pretrained(
        base,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: at for at, label in enumerate(LABELS)},
        problem_type="multi_label_classification",
        ignore_mismatched_sizes=True,
        local_files_only=True,
        use_safetensors=True,
        **rates,
    )
    if model.get_input_embeddings().num_embeddings < len(tokenizer):
        model.resize_token_embeddings(len(tokenizer), mean_resizing=True)
    return model, tokenizer


def encode(tokenizer: Any, view: View, length: int) -> list[int]:
    """Token ids of a view, as :class:`nlp.classifier.Classifier` builds its first window."""
    start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    read_title, read_body = view.parts
    title = tokenizer.encode(read_title, add_special_tokens=False)[: length // 2]
    body = tokenizer.encode(read_body, add_special_tokens=False) if read_body else []
    signals = tokenizer.convert_tokens_to_ids(list(view.signals))
    head = [start, *signals, *title, end]
    return [*head, *body[: length - len(head) - 1], end]


def _batches(
    rows: Sequence[Row], tokens: Sequence[list[int]], config: LoopConfig, epoch: int
) -> Iterator[list[int]]:
    """Row numbers, pairs side by side, batches of like length, in an order that the seed and the epoch decide."""
    rng = random.Random(f"{config.seed}:{epoch}")
    units: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        if row.epoch in (None, epoch):
            units.setdefault(row.pair or f"row {at}", []).append(at)
    keyed = [(max(len(tokens[at]) for at in unit) + rng.random() * 12, unit) for unit in units.values()]
    batches: list[list[int]] = []
    batch: list[int] = []
    for width, unit in sorted(keyed):
        if batch and (len(batch) + len(unit)) * width > config.batch_tokens:
            batches.append(batch)
            batch = []
        batch = [*batch, *unit]
    batches.append(batch)
    rng.shuffle(batches)
    yield from batches


def _optimiser(model: Any, config: LoopConfig) -> torch.optim.Optimizer:
    import torch

    head: list[Any] = []
    body: list[Any] = []
    for name, parameter in model.named_parameters():
        (head if name.startswith(("classifier", "bert.pooler")) else body).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": body, "lr": config.learning_rate, "peak": config.learning_rate},
            {"params": head, "lr": config.head_learning_rate, "peak": config.head_learning_rate},
        ],
        weight_decay=config.weight_decay,
    )


def _step(  # noqa: PLR0913, PLR0917 - the loop's own inside
    model: Any,
    optimiser: torch.optim.Optimizer,
    rows: Sequence[Row],
    tokens: Sequence[list[int]],
    batch: list[int],
    step: int,
    steps: int,
    config: LoopConfig,
    pad: int,
) -> torch.Tensor:
    import torch

    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * _schedule(step / steps, config.warmup)
    rng = random.Random(f"{config.seed}:drop:{step}")
    ids, mask = _tensors([_drop_signals(tokens[at], rows[at].view, rng, config) for at in batch], pad)
    device = model.device
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type != "cpu"):
        logits = model(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
    loss = _loss(logits.float(), [rows[at] for at in batch], config)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return loss.detach()


def _schedule(done: float, warmup: float) -> float:
    """Linear up, cosine down."""
    return done / warmup if done < warmup else 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))


def _drop_signals(ids: list[int], view: View, rng: random.Random, config: LoopConfig) -> list[int]:
    if rng.random() < config.signal_dropout / 2:
        return [ids[0], *ids[1 + len(view.signals) :]]
    kept = [ids[1 + at] for at in range(len(view.signals)) if rng.random() >= config.signal_dropout]
    return [ids[0], *kept, *ids[1 + len(view.signals) :]]


def _tensors(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    return ids, mask


def _loss(logits: torch.Tensor, rows: Sequence[Row], config: LoopConfig) -> torch.Tensor:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, relu

    targets = torch.tensor([[row.labels.get(label, _IGNORED) for label in LABELS] for row in rows])
    at = LABELS.index(COUNTERFEIT)
    pairs = _pairs(rows, targets[:, at].tolist())
    targets = targets.to(logits.device)
    known = (targets != _IGNORED).float()
    weight = torch.ones(len(LABELS), device=logits.device)
    weight[at] = config.counterfeit_weight
    smooth = targets.clamp(min=0) * (1 - config.label_smoothing) + config.label_smoothing / 2
    each = binary_cross_entropy_with_logits(logits, smooth, reduction="none") * known * weight
    loss = each.sum() / (known * weight).sum().clamp(min=1)
    if pairs and config.margin_weight:
        yes_at, no_at = (list(side) for side in zip(*pairs, strict=True))
        loss = (
            loss
            + config.margin_weight * relu(config.margin - (logits[yes_at, at] - logits[no_at, at])).mean()
        )
    return loss


def _pairs(rows: Sequence[Row], suspected: Sequence[float]) -> list[tuple[int, int]]:
    """Places of the two sides of each contrast pair, the counterfeit first."""
    sides: dict[str, list[int]] = {}
    for row, item in enumerate(rows):
        if item.pair:
            sides.setdefault(item.pair, []).append(row)
    return [
        (yes, no)
        for members in sides.values()
        for yes in members
        for no in members
        if suspected[yes] > suspected[no] >= 0
    ]


def _save(state: Path, model: Any, optimiser: torch.optim.Optimizer, step: int) -> None:
    import torch

    partial = state.with_name(f"{state.name}.partial")
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, partial)
    partial.replace(state)


def _restore(state: Path, model: Any, optimiser: torch.optim.Optimizer) -> int:
    import torch

    saved = torch.load(state, weights_only=True, map_location=model.device)
    model.load_state_dict(saved["model"])
    optimiser.load_state_dict(saved["optimiser"])
    return int(saved["step"])
