"""The training loop of the base encoder: length-bucketed batches, distillation, checkpoints, resume.

The batches are a pure function of seed and position, there is no dropout, and a checkpoint holds model, optimiser and
position; so a run that was killed and resumed ends in the same weights as one that was not.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.encoder_data import TokenRows

    Export = Callable[[int], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How the student is taught.

    A batch holds at most ``batch_tokens`` padded tokens and ``batch_phrases`` phrases. Languages are drawn in proportion
    to their number of phrases to the power ``temperature``. ``contrast`` weighs the in-batch ranking loss (at
    ``contrast_temperature``) beside the cosine loss. Learning rates rise over ``warmup`` steps and fall to zero at
    ``steps``. Checkpoints come every ``save_every`` steps, usable exports every ``export_every``.
    """

    steps: int = 4_000
    batch_tokens: int = 4_096
    batch_phrases: int = 320
    round_phrases: int = 60_000
    temperature: float = 0.5
    contrast: float = 0.1
    contrast_temperature: float = 0.05
    body_rate: float = 4e-4
    embedding_rate: float = 1e-3
    warmup: int = 150
    save_every: int = 100
    export_every: int = 300
    threads: int = 2
    seed: int = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is taught: token rows, and the teacher's unit embedding of every target row, ``(targets, width)``."""

    rows: TokenRows
    targets: np.ndarray


def fit(
    model: Any, lesson: Lesson, config: LoopConfig, out: Path, *, export: Export, stop_at: int | None = None
) -> list[float]:
    """Teach ``model`` in place until ``config.steps`` (or ``stop_at``, as a kill would); the losses of this call.

    Continues from ``out/checkpoint.pt`` when that exists. ``export(step)`` is called at every export point and the end.
    """
    import torch

    torch.set_num_threads(config.threads)
    optimiser = _optimiser(model, config)
    step, start = _restore(out / "checkpoint.pt", model, optimiser)
    last = min(config.steps, stop_at or config.steps)
    losses: list[float] = []
    pace = _Pace(config.steps)
    plan = batches(lesson.rows, config, start)
    while step < last:
        place, batch = next(plan)
        _set_rates(optimiser, config, step)
        losses.append(_learn(model, optimiser, _loss(model, lesson, batch, config)))
        step += 1
        pace.note(step, losses, int(lesson.rows.lengths[batch].sum()))
        if step % config.save_every == 0:
            _save(out / "checkpoint.pt", model, optimiser, (step, *place))
        if step % config.export_every == 0 or step == config.steps:
            export(step)
    return losses


def batches(
    rows: TokenRows, config: LoopConfig, place: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Endless batches of phrase numbers from ``place`` (round, batch) on, each with the place after it."""
    lap, index = place
    while True:
        plan = _round(rows, config, lap)
        for number in range(index, len(plan)):
            yield (lap, number + 1), plan[number]
        lap, index = lap + 1, 0


def _round(rows: TokenRows, config: LoopConfig, lap: int) -> list[np.ndarray]:
    """The batches of one round: languages balanced, phrases of like length together, in random order."""
    rng = np.random.default_rng([config.seed, lap])
    codes, sizes = np.unique(rows.langs, return_counts=True)
    share = sizes**config.temperature / (sizes**config.temperature).sum()
    chosen = []
    for code, size, part in zip(codes, sizes, share, strict=True):
        want = min(int(size), max(1, round(config.round_phrases * part)))
        chosen.append(_stretch(np.flatnonzero(rows.langs == code), want, lap, [config.seed, int(code)]))
    phrases = np.concatenate(chosen)
    lengths = rows.lengths[phrases]
    phrases = phrases[np.argsort(lengths + rng.random(len(lengths)), kind="stable")]
    plan = _cut(phrases, rows.lengths, config)
    return [plan[i] for i in rng.permutation(len(plan))]


def _stretch(members: np.ndarray, want: int, lap: int, seed: list[int]) -> np.ndarray:
    """The ``lap``-th stretch of ``want`` members of an endless sequence of permutations: each is seen equally often."""
    positions = np.arange(lap * want, (lap + 1) * want)
    cycles = positions // len(members)
    parts = []
    for cycle in np.unique(cycles):
        order = np.random.default_rng([*seed, int(cycle)]).permutation(members)
        parts.append(order[positions[cycles == cycle] % len(members)])
    return np.concatenate(parts)


def _cut(phrases: np.ndarray, lengths: np.ndarray, config: LoopConfig) -> list[np.ndarray]:
    plan, start = [], 0
    for end in range(1, len(phrases) + 1):
        longest_next = lengths[phrases[end]] if end < len(phrases) else 0
        full = (end - start + 1) * longest_next > config.batch_tokens or end - start >= config.batch_phrases
        if full or end == len(phrases):
            plan.append(phrases[start:end])
            start = end
    return plan


def _loss(model: Any, lesson: Lesson, batch: np.ndarray, config: LoopConfig) -> Any:
    """One minus the cosine with the teacher's embedding, plus how badly the own target ranks among the batch's."""
    import torch
    from torch.nn import functional

    rows = lesson.rows
    ids, mask = padded(rows, batch)
    student = functional.normalize(embed(model, ids, mask), dim=-1)
    wanted = torch.from_numpy(lesson.targets[rows.targets[batch]].astype(np.float32))
    loss = 1 - (student * wanted).sum(-1).mean()
    if config.contrast:
        row = torch.from_numpy(rows.targets[batch].astype(np.int64))
        same = (row[:, None] == row[None, :]) & ~torch.eye(len(row), dtype=torch.bool)
        scores = (student @ wanted.T / config.contrast_temperature).masked_fill(same, -1e4)
        loss = loss + config.contrast * functional.cross_entropy(scores, torch.arange(len(row)))
    return loss


def padded(rows: TokenRows, batch: np.ndarray) -> tuple[Any, Any]:
    """Token ids and attention mask of some phrases, two int64 tensors ``(phrases, longest)``; 0 pads."""
    import torch

    lengths = rows.lengths[batch]
    ids = np.zeros((len(batch), int(lengths.max())), dtype=np.int64)
    for line, number in enumerate(batch):
        ids[line, : lengths[line]] = rows.ids[rows.starts[number] : rows.starts[number + 1]]
    mask = np.arange(ids.shape[1])[None, :] < lengths[:, None]
    return torch.from_numpy(ids), torch.from_numpy(mask.astype(np.int64))


def embed(model: Any, ids: Any, mask: Any) -> Any:
    """Mean-pooled last hidden states, ``(phrases, width)``, not normalised."""
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def _learn(model: Any, optimiser: Any, loss: Any) -> float:
    """One step of the optimiser; the loss before it."""
    import torch

    optimiser.zero_grad(set_to_none=False)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


class _Pace:
    """Logs loss and speed now and then."""

    def __init__(self, steps: int) -> None:
        self.steps, self.tokens, self.started = steps, 0, time.monotonic()

    def note(self, step: int, losses: list[float], tokens: int) -> None:
        """Counts a step of so many ``tokens``; every 25th is logged."""
        self.tokens += tokens
        if step % 25 == 0:
            rate = self.tokens / (time.monotonic() - self.started)
            _log.info(
                "step %d of %d, loss %.4f, %.0f tokens/s", step, self.steps, np.mean(losses[-25:]), rate
            )


def _optimiser(model: Any, config: LoopConfig) -> Any:
    import torch

    embeddings = list(model.embeddings.word_embeddings.parameters())
    taken = {id(parameter) for parameter in embeddings}
    body = [parameter for parameter in model.parameters() if id(parameter) not in taken]
    groups = [
        {"params": body, "lr": config.body_rate, "peak": config.body_rate, "weight_decay": 0.01},
        {
            "params": embeddings,
            "lr": config.embedding_rate,
            "peak": config.embedding_rate,
            "weight_decay": 0.0,
        },
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def _set_rates(optimiser: Any, config: LoopConfig, step: int) -> None:
    rise = min(1.0, (step + 1) / max(config.warmup, 1))
    fall = max(0.0, (config.steps - step) / max(config.steps - config.warmup, 1))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * min(rise, fall)


def _save(file: Path, model: Any, optimiser: Any, reached: tuple[int, int, int]) -> None:
    import torch

    step, *place = reached
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "place": place,
    }
    partial = file.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(file)


def _restore(file: Path, model: Any, optimiser: Any) -> tuple[int, tuple[int, int]]:
    import torch

    if not file.exists():
        return 0, (0, 0)
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    _log.info("resumed at step %d", state["step"])
    return int(state["step"]), (int(state["place"][0]), int(state["place"][1]))
