"""A team's model folder: the base model's files, the team's head, figures, plots, card, manifest. Verified by loading, then renamed."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nlp.artefact import TEAM_SCHEMA_VERSION, write_manifest
from nlp.config import to_toml
from nlp.detector import Detector
from nlp.errors import ArtefactError, OutputError
from training.card import write_card

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nlp.artefact import Artefact
    from nlp.decide import Thresholds
    from nlp.reading import Reader, Reading
    from training.learning import Heads
    from training.recipe import TeamConfig

__all__ = ["assemble", "move_into_place", "verify"]

# What a team's folder takes over from the folder of its base as it is; all else is written anew.
_MODEL_FILES: Final = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "ngrams.safetensors",
    "onnx/model.onnx",
)
_AGREE: Final = 5e-3  # the channel is stored in half precision


def assemble(
    folder: Path,
    source: Artefact,
    heads: Heads,
    thresholds: Thresholds,
    *,
    config: TeamConfig,
    metrics: dict[str, Any],
    facts: str | None,
    seen: NDArray[np.uint64],
) -> None:
    """Writes everything but plots into ``folder``; ``source`` is the verified folder whose encoder is used.

    ``seen`` are keys of the texts that were learnt from, so that ``evaluate`` notices when it is shown them again.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for name in _MODEL_FILES:
        if (source.path / name).is_file():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source.path / name, folder / name)
    save_file(heads.tensors(), folder / "team.safetensors")
    save_file({"texts": np.sort(seen).view(np.int64)}, folder / "seen.safetensors")
    detector = {
        **source.detector,
        "schema": TEAM_SCHEMA_VERSION,
        "name": config.name,
        "base": source.identity,
        "thresholds": asdict(thresholds),
        "head": heads.to_json(),
    }
    write_json(folder / "detector.json", detector)
    write_json(folder / "metrics.json", metrics)
    (folder / "training.toml").write_text(to_toml(config), encoding="utf-8")
    if facts is not None:
        (folder / "facts.toml").write_text(facts, encoding="utf-8")
    write_card(folder)
    write_manifest(folder)


def verify(folder: Path, reader: Reader, readings: Sequence[Reading], expected: NDArray[np.float64]) -> float:
    """The largest difference between what the folder says of ``readings`` when loaded, and what was fitted.

    Raises:
        ArtefactError: if the folder does not load, or says something else.
    """
    detector = Detector.load(folder, reader=reader)
    gap = float(np.abs(detector.probabilities(list(readings)) - expected).max()) if readings else 0.0
    if gap > _AGREE:
        raise ArtefactError(
            str(folder), f"says something else than what was fitted (difference {gap:.4f}); not published"
        )
    return gap


def move_into_place(folder: Path, output: Path) -> None:
    """Renames ``folder`` to ``output``; a model that stood there is moved aside first and removed last."""
    aside = output.with_name(f"{output.name}.old")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        if output.exists():
            output.rename(aside)
        folder.rename(output)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            str(output), f"cannot be written ({error.strerror}); the model is in {folder}"
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Indented JSON with a newline at the end."""
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def read_seen(folder: Path) -> NDArray[np.uint64] | None:
    """Keys of the texts that a team's model learnt from, sorted; None for other models."""
    from safetensors.numpy import load_file

    file = folder / "seen.safetensors"
    if not file.is_file():
        return None
    return np.asarray(load_file(file)["texts"].view(np.uint64))
