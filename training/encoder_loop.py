"""The training loop of the base encoder: length-bucketed batches, distillation, checkpoints, resume.

Two tasks: come close to the teacher's embedding of the English side, and guess masked pieces of sentences in every language
(:mod:`training.encoder_masking`). The batches are a pure function of seed and position, there is no dropout, and a checkpoint
holds model, optimiser and position; so a run that was killed and resumed ends in the same weights as one that was not. On a
graphics card the arithmetic is bfloat16.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.loop import device_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.encoder_data import TokenRows
    from training.encoder_masking import MaskedWords

    Export = Callable[[int], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig:
    """How the student is taught.

    A batch holds at most ``batch_tokens`` padded tokens and ``batch_phrases`` phrases. Languages are drawn in proportion
    to their number of phrases to the power ``temperature``. ``contrast`` weighs the in-batch ranking loss (at
    ``contrast_temperature``) beside the cosine loss, ``masked`` the guessing of masked pieces (0: none) in
    ``masked_tokens`` of text a step. ``device`` is torch's name of one, or "auto". Learning rates rise over ``warmup`` steps and fall to zero at
    ``steps``. Checkpoints come every ``save_every`` steps, usable exports every ``export_every``.
    """

    steps: int = 4_000
    batch_tokens: int = 4_096
    batch_phrases: int = 320
    round_phrases: int = 60_000
    temperature: float = 0.5
    contrast: float = 0.1
    contrast_temperature: float = 0.05
    masked: float = 0.0
    masked_tokens: int = 8_192
    body_rate: float = 4e-4
    embedding_rate: float = 1e-3
    warmup: int = 150
    save_every: int = 100
    export_every: int = 300
    threads: int = 2
    device: str = "auto"
    seed: int = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is taught: token rows, and the teacher's unit embedding of every target row, ``(targets, width)``.

    ``sentences`` are read for the masked pieces alone.
    """

    rows: TokenRows
    targets: np.ndarray
    sentences: TokenRows | None = None


def fit(
    model: Any, lesson: Lesson, config: LoopConfig, out: Path, *, export: Export, stop_at: int | None = None
) -> list[float]:
    """Teach ``model`` in place until ``config.steps`` (or ``stop_at``, as a kill would); the losses of this call.

    Continues from ``out/checkpoint.pt`` when that exists. ``export(step)`` is called at every export point and the end.
    """
    import torch

    torch.set_num_threads(config.threads)
    device = device_of(config.device)
    pupil = _pupil(model, lesson, config).to(device)
    desk = _Desk.of(lesson, device)
    optimiser = _optimiser(pupil, config)
    step, start = _restore(out / "checkpoint.pt", pupil, optimiser)
    last = min(config.steps, stop_at or config.steps)
    losses: list[Any] = []
    pace = _Pace(config.steps)
    plan = batches(lesson.rows, config, start)
    while step < last:
        place, batch = next(plan)
        _set_rates(optimiser, config, step)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device != "cpu"):
            loss = _loss(pupil, desk, batch, config)
            if "masked" in pupil:
                loss = loss + config.masked * pupil["masked"](model, step)
        losses.append(_learn(pupil, optimiser, loss))
        step += 1
        pace.note(step, losses, int(lesson.rows.lengths[batch].sum()))
        if step % config.save_every == 0:
            _save(out / "checkpoint.pt", pupil, optimiser, (step, *place))
        if step % config.export_every == 0 or step == config.steps:
            export(step)
    return [float(loss) for loss in losses]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """A lesson as tensors on the device: ``ids`` end to end, first and number of each row's, target row and targets."""

    ids: Any
    starts: Any
    lengths: Any
    rows: Any
    targets: Any

    @classmethod
    def of(cls, lesson: Lesson, device: str) -> _Desk:
        import torch

        rows = lesson.rows
        return cls(
            ids=torch.from_numpy(rows.ids.astype(np.int32)).to(device),
            starts=torch.from_numpy(rows.starts[:-1]).to(device),
            lengths=torch.from_numpy(rows.lengths).to(device),
            rows=torch.from_numpy(rows.targets.astype(np.int64)).to(device),
            targets=torch.from_numpy(lesson.targets).to(device),
        )


def _pupil(model: Any, lesson: Lesson, config: LoopConfig) -> Any:
    """Everything that learns: the model, a layer to the teacher's width where it is another, one that guesses pieces if asked."""
    import torch
    from torch.nn import ModuleDict

    parts: dict[str, Any] = {"model": model}
    torch.manual_seed(config.seed)
    if model.config.hidden_size != lesson.targets.shape[1]:
        parts["widen"] = torch.nn.Linear(model.config.hidden_size, lesson.targets.shape[1], bias=False)
    if config.masked and lesson.sentences is not None:
        from training.encoder_masking import MaskedWords

        guess: MaskedWords = MaskedWords(
            lesson.sentences, width=model.config.hidden_size, tokens=config.masked_tokens, seed=config.seed
        )
        parts["masked"] = guess
    return ModuleDict(parts)


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


def _loss(pupil: Any, desk: _Desk, batch: np.ndarray, config: LoopConfig) -> Any:
    """One minus the cosine with the teacher's embedding, plus how badly the own target ranks among the batch's."""
    import torch
    from torch.nn import functional

    numbers = torch.from_numpy(batch).to(desk.ids.device)
    ids, mask = padded(desk.ids, desk.starts[numbers], desk.lengths[numbers])
    states = embed(pupil["model"], ids, mask)
    states = pupil["widen"](states) if "widen" in pupil else states
    student = functional.normalize(states.float(), dim=-1)
    row = desk.rows[numbers]
    wanted = desk.targets[row].float()
    loss = 1 - (student * wanted).sum(-1).mean()
    if config.contrast:
        itself = torch.eye(len(row), dtype=torch.bool, device=row.device)
        same = (row[:, None] == row[None, :]) & ~itself
        scores = (student @ wanted.T / config.contrast_temperature).masked_fill(same, -1e4)
        loss = loss + config.contrast * functional.cross_entropy(
            scores, torch.arange(len(row), device=row.device)
        )
    return loss


def padded(ids: Any, starts: Any, lengths: Any) -> tuple[Any, Any]:
    """Token ids and attention mask of the rows that begin at ``starts`` in ``ids``, int64 ``(rows, longest)``; 0 pads."""
    import torch

    places = torch.arange(int(lengths.max()), device=ids.device)
    mask = places[None, :] < lengths[:, None]
    taken = ids[(starts[:, None] + places[None, :]).clamp(max=len(ids) - 1)].long()
    return taken.masked_fill(~mask, 0), mask.long()


def embed(model: Any, ids: Any, mask: Any) -> Any:
    """Mean-pooled last hidden states, ``(phrases, width)``, not normalised."""
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def _learn(pupil: Any, optimiser: Any, loss: Any) -> Any:
    """One step of the optimiser; the loss before it, left on its device (to read it would wait for it)."""
    import torch

    optimiser.zero_grad(set_to_none=False)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
    optimiser.step()
    return loss.detach()


class _Pace:
    """Logs loss and speed now and then."""

    def __init__(self, steps: int) -> None:
        self.steps, self.tokens, self.started = steps, 0, time.monotonic()

    def note(self, step: int, losses: list[Any], tokens: int) -> None:
        """Counts a step of so many ``tokens``; every 25th is logged."""
        self.tokens += tokens
        if step % 25 == 0:
            mean = float(sum(losses[-25:]) / len(losses[-25:]))
            rate = self.tokens / (time.monotonic() - self.started)
            _log.info("step %d of %d, loss %.4f, %.0f tokens/s", step, self.steps, mean, rate)


def _optimiser(pupil: Any, config: LoopConfig) -> Any:
    import torch

    embeddings = list(pupil["model"].embeddings.word_embeddings.parameters())
    taken = {id(parameter) for parameter in embeddings}
    body = [parameter for parameter in pupil.parameters() if id(parameter) not in taken]
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


def _save(file: Path, pupil: Any, optimiser: Any, reached: tuple[int, int, int]) -> None:
    import torch

    step, *place = reached
    state = {
        "pupil": pupil.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "place": place,
    }
    partial = file.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(file)


def _restore(file: Path, pupil: Any, optimiser: Any) -> tuple[int, tuple[int, int]]:
    import torch

    if not file.exists():
        return 0, (0, 0)
    state = torch.load(file, weights_only=True)
    pupil.load_state_dict(state["pupil"])
    optimiser.load_state_dict(state["optimiser"])
    _log.info("resumed at step %d", state["step"])
    return int(state["step"]), (int(state["place"][0]), int(state["place"][1]))
