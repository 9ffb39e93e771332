"""A fine-tuned checkpoint to ONNX int8, with a parity test before anything is written.

Traps (measured for torch 2.13, onnxruntime 1.32): only the legacy exporter lets ONNX Runtime fuse attention; a fused graph
is quantised with ``DefaultTensorType``; dropout must be off.
"""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Parity", "export_onnx", "parity"]

_FUSED: Final = ("bert", "roberta", "xlm-roberta")
_FP32_LIMIT: Final = 1e-3  # largest allowed difference of a logit between torch and the fp32 graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How far int8 is from fp32 over ``n`` texts: the largest difference in probability, and decisions that flipped at 0.5."""

    n: int
    largest: float
    mean: float
    flipped: int


def export_onnx(checkpoint: Path, target: Path, samples: Sequence[list[int]]) -> Parity:
    """Writes ``target`` (int8, fused) from the checkpoint folder; gives the parity with fp32 on ``samples`` (token ids).

    Raises:
        ArtefactError: if the fp32 graph does not agree with the checkpoint.
    """
    model = _load(checkpoint)
    target.parent.mkdir(parents=True, exist_ok=True)
    plain = target.with_suffix(".fp32.onnx")
    fused = target.with_suffix(".fused.onnx")
    try:
        _export(model, plain)
        if model.config.model_type in _FUSED:
            _fuse(plain, fused, model.config)
        else:
            shutil.copyfile(plain, fused)  # ONNX Runtime knows no fusion for other architectures
        reference = _torch_logits(model, samples[:64])
        difference = float(np.abs(reference - _onnx_logits(fused, samples[:64])).max())
        if difference > _FP32_LIMIT:
            raise ArtefactError(
                str(checkpoint), f"the fp32 graph is {difference:.4f} off the checkpoint; not exported"
            )
        _quantise(fused, target)
        return parity(_onnx_logits(fused, samples), _onnx_logits(target, samples))
    finally:
        plain.unlink(missing_ok=True)
        fused.unlink(missing_ok=True)


def parity(exact: NDArray[np.float32], rounded: NDArray[np.float32]) -> Parity:
    """Difference of two arrays of logits ``[rows, labels]`` in probability."""
    left, right = (1 / (1 + np.exp(-values.astype(np.float64))) for values in (exact, rounded))
    gaps = np.abs(left - right)
    flipped = int(((left >= 0.5) != (right >= 0.5))[:, -1].sum())
    return Parity(n=len(exact), largest=float(gaps.max()), mean=float(gaps.mean()), flipped=flipped)


def _load(checkpoint: Path) -> Any:
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, local_files_only=True, use_safetensors=True, attn_implementation="eager"
    )
    return model.eval()


def _export(model: Any, path: Path) -> None:
    import torch

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
            return logits

    ids = torch.ones((2, 16), dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits().eval(),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={name: {0: "rows", 1: "tokens"} for name in ("input_ids", "attention_mask")}
            | {"logits": {0: "rows"}},
            opset_version=17,
            dynamo=False,
        )


def _fuse(plain: Path, fused: Path, config: Any) -> None:
    from onnxruntime.transformers.optimizer import optimize_model

    graph = optimize_model(
        str(plain),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        opt_level=0,
    )
    graph.save_model_to_file(str(fused))


def _quantise(fused: Path, target: Path) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(fused),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,  # AVX2 without VNNI saturates on full-range int8
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _torch_logits(model: Any, samples: Sequence[list[int]]) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        rows = [
            model(
                input_ids=torch.tensor([ids]), attention_mask=torch.ones((1, len(ids)), dtype=torch.long)
            ).logits[0]
            for ids in samples
        ]
    return torch.stack(rows).numpy()


def _onnx_logits(path: Path, samples: Sequence[list[int]]) -> NDArray[np.float32]:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3
    session = InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = []
    for ids in samples:
        row = np.array([ids], np.int64)
        rows.append(session.run(["logits"], {"input_ids": row, "attention_mask": np.ones_like(row)})[0][0])
    return np.stack(rows)
