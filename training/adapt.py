"""Adapts an encoder to a team's labels: all weights, low-rank updates (LoRA), or contrastive few-shot as in SetFit.

The cues that the team did not label are held by the base model's own answers, which the new encoder learns to repeat; so that cues,
words and stack of the base stay good, also where the encoder is another one (from the hub). The state is kept on disk: a run that was
killed goes on and ends with the same weights, because batches and dropout depend on the step alone.

LoRA: Hu et al., ICLR 2022. Contrastive few-shot: Tunstall et al., "Efficient Few-Shot Learning Without Prompts", 2022, with the
supervised contrastive loss of Khosla et al., NeurIPS 2020.
"""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.artefact import SCHEMA_VERSION, write_manifest
from nlp.cues import COUNTERFEIT, CUE_NAMES, LABELS
from nlp.errors import UsageError
from nlp.markup import without_markup
from nlp.reading import view_of
from training.export import export_onnx
from training.loop import LoopConfig, Row, _batches, _schedule, _tensors, encode, load_base

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nlp.detector import Detector
    from training.recipe import TeamConfig
    from training.table import LabelledTable
    from training.team import Plan, Say

__all__ = ["adapt_encoder", "adapt_seconds"]

_TOKENS_PER_SECOND: Final = 1_000.0  # of a 6 x 384 encoder on two cores
_REFERENCE: Final = 6 * 384 * 384
_TOKENS: Final = 60.0  # of a listing
_COUNTERFEIT_WEIGHT: Final = 3.0
_CHUNK: Final = 256
_PARITY: Final = 300
_BODY: Final = ("classifier", "score", "pooler", "head.")


@dataclass(slots=True)
class _State:
    """Where a run stands: ``step`` steps done, the best loss on the development rows, evaluations since then."""

    step: int = 0
    best: float = float("inf")
    waited: int = 0
    stopped: bool = False


def adapt_seconds(rows: int, checkpoint: Path, config: TeamConfig) -> float:
    """About how many seconds two cores need, from the size of the encoder."""
    shape = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    cost = shape.get("num_hidden_layers", 6) * shape.get("hidden_size", 384) ** 2 / _REFERENCE
    epochs = config.adapt.epochs + (1 if config.method == "fewshot" else 0)
    return float(rows * _TOKENS * epochs / (_TOKENS_PER_SECOND / max(cost, 0.01)))


def adapt_encoder(
    train: LabelledTable, dev: LabelledTable, plan: Plan, work: Path, *, config: TeamConfig, say: Say
) -> Path:
    """A model folder under ``work`` with the adapted encoder and the base's channel and stack, without a head.

    Raises:
        ArtefactError: if the exported graph does not agree with the checkpoint.
    """
    folder = work / "folder"
    if (folder / "MANIFEST.json").is_file():
        return folder
    work.mkdir(parents=True, exist_ok=True)
    rows = _rows(train, plan.detector)
    held = _rows(dev, plan.detector)
    checkpoint = _fine_tune(rows, held, plan.checkpoint, work, config=config, say=say)
    _publish(checkpoint, folder, rows, plan.detector, config)
    return folder


def _rows(table: LabelledTable, detector: Detector) -> list[Row]:
    """Views with the team's labels, and the base model's answers for the cues that the team did not label."""
    rows = []
    for start, listings in table.chunks(_CHUNK):
        views = [view_of(detector.reader.read(without_markup(each)[0])) for each in listings]
        answers = 1 / (1 + np.exp(-detector.classifier.encoder_logits(views)))
        for at, view in enumerate(views):
            given = table.labels[start + at]
            labels = {
                label: float(given[LABELS.index(label)])
                if not np.isnan(given[LABELS.index(label)])
                else float(answers[at, LABELS.index(label)])
                for label in (*CUE_NAMES, COUNTERFEIT)
            }
            rows.append(Row(view=view, labels=labels))
    return rows


def _fine_tune(
    rows: Sequence[Row], dev: Sequence[Row], base: Path, work: Path, *, config: TeamConfig, say: Say
) -> Path:
    import torch

    settings = config.adapt
    torch.set_num_threads(settings.threads)
    torch.manual_seed(config.seed)
    model, tokenizer = load_base(base)
    model.float()  # a published base is stored in half precision, in which training does not converge
    length = min(settings.max_length, getattr(model.config, "max_position_embeddings", 512) - 2)
    tokens = [encode(tokenizer, row.view, length) for row in rows]
    held = [encode(tokenizer, row.view, length) for row in dev]
    if config.method == "lora":
        model = _with_lora(model, config)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    run = _Run(model, device, tokenizer.pad_token_id, config, work)
    if config.method == "fewshot":
        run.contrast(rows, tokens, say)
    run.fit(rows, tokens, dev, held, say)
    checkpoint = work / "checkpoint"
    finished = model.merge_and_unload() if config.method == "lora" else model
    finished.to("cpu").eval()
    finished.save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    return checkpoint


def _with_lora(model: Any, config: TeamConfig) -> Any:
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        task_type="SEQ_CLS",
        r=config.adapt.lora_rank,
        lora_alpha=2 * config.adapt.lora_rank,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    return get_peft_model(model, settings)


class _Run:
    """The loop itself: steps, evaluations on the development rows, checkpoints."""

    def __init__(  # noqa: PLR0917 - the run's own inside
        self, model: Any, device: str, pad: int, config: TeamConfig, work: Path
    ) -> None:
        self.model, self.device, self.pad = model, device, pad
        self.config, self.settings, self.work = config, config.adapt, work
        self.optimiser = self._optimiser()

    def fit(  # noqa: PLR0917 - the same
        self,
        rows: Sequence[Row],
        tokens: Sequence[list[int]],
        dev: Sequence[Row],
        held: Sequence[list[int]],
        say: Say,
    ) -> None:
        """Trains until the steps are done or the development loss gets no better; leaves the best weights in the model."""
        import time

        loop = LoopConfig(batch_tokens=self.settings.batch_tokens, seed=self.config.seed)
        steps = [
            batch for epoch in range(self.settings.epochs) for batch in _batches(rows, tokens, loop, epoch)
        ]
        every = max(1, len(steps) // (self.settings.epochs * self.settings.evaluations))
        state = self._restore("fit")
        saved = time.monotonic()
        if state.step == 0:
            self._judge(state, dev, held)  # so that no adaptation is worse than none
        while state.step < len(steps) and not state.stopped:
            self._step(rows, tokens, steps[state.step], state.step, len(steps))
            state.step += 1
            if state.step % every == 0 or state.step == len(steps):
                self._judge(state, dev, held)
                say.line(
                    f"step {state.step}/{len(steps)}: best loss on the development rows {state.best:.4f}"
                )
            say.bar("adapting", state.step, len(steps))
            whole = state.step % self.settings.accumulate == 0  # gradients that wait for a step are not saved
            if whole and time.monotonic() - saved > self.settings.checkpoint_seconds:
                self._save("fit", state)
                saved = time.monotonic()
        self._save("fit", state)
        self.model.load_state_dict(self._load("best"))

    def contrast(self, rows: Sequence[Row], tokens: Sequence[list[int]], say: Say) -> None:
        """Pulls embeddings of one class together and those of the two classes apart (the first stage of SetFit)."""
        import random

        import torch

        state = self._restore("contrast")
        truth = [row.labels[COUNTERFEIT] >= 0.5 for row in rows]
        sides = [[at for at, each in enumerate(truth) if each is side] for side in (True, False)]
        steps = max(1, len(rows) * self.settings.pairs // 32)
        while state.step < steps:
            torch.manual_seed(self.config.seed * 7_919 + state.step)
            rng = random.Random(f"{self.config.seed}:contrast:{state.step}")
            batch = [at for side in sides for at in rng.choices(side, k=8)]
            self._rate(state.step / (2 * steps))
            loss = self._contrastive_loss(tokens, batch, [truth[at] for at in batch])
            loss.backward()
            self._update()
            state.step += 1
            say.bar("contrasting", state.step, steps)
            if state.step % 50 == 0:
                self._save("contrast", state)
        self._save("contrast", state)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = any(part in name for part in _BODY)  # then only the head learns
        self.optimiser = self._optimiser()

    def _contrastive_loss(self, tokens: Sequence[list[int]], batch: list[int], truth: list[bool]) -> Any:
        import torch

        ids, mask = self._inputs([tokens[at] for at in batch])
        with self._precision():
            states = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[
                -1
            ]
        weights = mask.unsqueeze(-1).float()
        pooled = torch.nn.functional.normalize((states.float() * weights).sum(1) / weights.sum(1), dim=-1)
        alike = pooled @ pooled.T / self.settings.temperature
        same = torch.tensor([[left == right for right in truth] for left in truth], device=self.device)
        own = torch.eye(len(batch), dtype=torch.bool, device=self.device)
        logs = alike - torch.logsumexp(alike.masked_fill(own, -1e9), dim=1, keepdim=True)
        partners = same & ~own
        return -((logs * partners).sum(1) / partners.sum(1).clamp(min=1)).mean()

    def _step(  # noqa: PLR0917 - the same
        self, rows: Sequence[Row], tokens: Sequence[list[int]], batch: list[int], step: int, steps: int
    ) -> None:
        import torch

        torch.manual_seed(
            self.config.seed * 1_000_003 + step
        )  # dropout does not depend on where a run was resumed
        self.model.train()
        self._rate(step / steps)
        loss = self._loss([rows[at] for at in batch], [tokens[at] for at in batch]) / self.settings.accumulate
        loss.backward()
        if (step + 1) % self.settings.accumulate == 0 or step + 1 == steps:
            self._update()

    def _judge(self, state: _State, dev: Sequence[Row], held: Sequence[list[int]]) -> None:
        """Keeps the weights if they are the best so far; stops after ``patience`` evaluations that were not."""
        import torch

        self.model.eval()
        losses = []
        order = sorted(range(len(dev)), key=lambda at: len(held[at]))
        with torch.inference_mode():
            for start in range(0, len(order), 32):
                batch = order[start : start + 32]
                loss = self._loss([dev[at] for at in batch], [held[at] for at in batch], only=COUNTERFEIT)
                losses.append(float(loss) * len(batch))
        loss_now = sum(losses) / max(len(dev), 1)
        if loss_now != loss_now:  # noqa: PLR0124 - not a number
            raise UsageError(
                "training diverged (the loss is not a number); use a smaller adapt.learning_rate"
            )
        if loss_now < state.best - 1e-5:
            state.best, state.waited = loss_now, 0
            self._write("best", self.model.state_dict())
        else:
            state.waited += 1
            state.stopped = state.waited > self.settings.patience

    def _loss(self, rows: Sequence[Row], tokens: Sequence[list[int]], only: str | None = None) -> Any:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits

        ids, mask = self._inputs(tokens)
        with self._precision():
            logits = self.model(input_ids=ids, attention_mask=mask).logits
        targets = torch.tensor([[row.labels[label] for label in LABELS] for row in rows], device=self.device)
        weights = torch.tensor(
            [
                (float(label == only) if only else _COUNTERFEIT_WEIGHT if label == COUNTERFEIT else 1.0)
                for label in LABELS
            ],
            device=self.device,
        )
        each = binary_cross_entropy_with_logits(logits.float(), targets, reduction="none") * weights
        return each.sum() / (weights.sum() * len(rows))

    def _inputs(self, tokens: Sequence[list[int]]) -> tuple[Any, Any]:
        ids, mask = _tensors(list(tokens), self.pad)
        return ids.to(self.device), mask.to(self.device)

    def _precision(self) -> Any:
        import torch

        if self.device == "cuda" and self.settings.mixed and torch.cuda.is_bf16_supported():
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def _optimiser(self) -> Any:
        import torch

        head: list[Any] = []
        body: list[Any] = []
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                (head if any(part in name for part in _BODY) else body).append(parameter)
        rates = ((body, self.settings.learning_rate), (head, self.settings.head_learning_rate))
        groups = [{"params": part, "lr": rate, "peak": rate} for part, rate in rates if part]
        return torch.optim.AdamW(groups, weight_decay=self.settings.weight_decay)

    def _rate(self, done: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * _schedule(done, self.settings.warmup)

    def _update(self) -> None:
        import torch

        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def _save(self, stage: str, state: _State) -> None:
        content = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "state": asdict(state),
        }
        self._write(stage, content)

    def _restore(self, stage: str) -> _State:
        if not (self.work / f"{stage}.state").exists():
            return _State()
        saved = self._load(stage)
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        return _State(**saved["state"])

    def _write(self, stage: str, content: Any) -> None:
        import torch

        partial = self.work / f"{stage}.partial"
        torch.save(content, partial)
        partial.replace(self.work / f"{stage}.state")

    def _load(self, stage: str) -> Any:
        import torch

        return torch.load(self.work / f"{stage}.state", weights_only=True)


def _publish(  # noqa: PLR0917 - the same
    checkpoint: Path, folder: Path, rows: Sequence[Row], detector: Detector, config: TeamConfig
) -> None:
    """Half-precision weights, int8 graph, the base's channel and stack."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, local_files_only=True, use_safetensors=True
    )
    length = min(config.adapt.max_length, getattr(model.config, "max_position_embeddings", 512) - 2)
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    samples = [encode(tokenizer, row.view, length) for row in rows[:: max(1, len(rows) // _PARITY)]]
    parity = export_onnx(checkpoint, folder / "onnx" / "model.onnx", samples)
    source = detector.artefact
    shutil.copyfile(source.path / "ngrams.safetensors", folder / "ngrams.safetensors")
    settings = {key: value for key, value in source.detector.items() if key not in ("head", "base")} | {
        "schema": SCHEMA_VERSION,
        "name": f"{source.name} adapted ({config.method})",
        "max_length": length,
        "special_tokens": {
            "start": tokenizer.cls_token,
            "middle": tokenizer.sep_token,
            "end": tokenizer.sep_token,
        },
    }
    for name, content in (("detector.json", settings), ("metrics.json", {"parity": asdict(parity)})):
        (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for (
        each
    ) in folder.iterdir():  # files of other tokenizers that a model folder may not hold and nothing reads
        if each.is_file() and each.suffix not in (".json", ".safetensors"):
            each.unlink()
    write_manifest(folder)
