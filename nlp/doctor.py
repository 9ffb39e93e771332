"""Is this installation sound? Versions, optional parts, the bundled model, packages that would overwrite ours."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Final, Literal

from nlp.artefact import BUNDLED, open_artefact
from nlp.errors import ArtefactError

__all__ = ["Finding", "examine"]

_EXTRAS: Final = {
    "train": ("torch", "transformers", "datasets", "sentence_transformers", "sklearn", "onnx"),
    "news": ("feedparser", "httpx", "sqlalchemy", "alembic"),
    "ray": ("ray",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: how it went, what was seen, and what to do if it is not well."""

    state: Literal["ok", "note", "fault"]
    what: str
    advice: str = ""


def examine() -> list[Finding]:
    """All checks, in the order in which they matter. Imports no heavy library and touches no network."""
    return [_python(), _package(), _intruder(), _model(), *(_extra(name) for name in _EXTRAS)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(state="ok", what=f"Python {version}")


def _package() -> Finding:
    try:
        return Finding(
            state="ok", what=f"fauxwatch {metadata.version('fauxwatch')}, at {Path(__file__).parent.parent}"
        )
    except metadata.PackageNotFoundError:
        return Finding(
            state="note", what="fauxwatch is run from a folder, not installed", advice="pip install -e ."
        )


def _intruder() -> Finding:
    """The dead package `nlp` (0.4.0) of PyPI writes into the same folder as ours."""
    try:
        version = metadata.version("nlp")
    except metadata.PackageNotFoundError:
        return Finding(state="ok", what="no other package named 'nlp' is installed")
    return Finding(
        state="fault",
        what=f"PyPI's package 'nlp' {version} is installed and overwrites ours",
        advice="pip uninstall -y nlp && pip install --force-reinstall --no-deps fauxwatch",
    )


def _model() -> Finding:
    try:
        artefact = open_artefact(BUNDLED)
    except ArtefactError as error:
        return Finding(state="fault", what=str(error), advice="reinstall fauxwatch")
    return Finding(state="ok", what=f"bundled model {artefact.identity}, every file matches its sha256")


def _extra(name: str) -> Finding:
    missing = [module for module in _EXTRAS[name] if util.find_spec(module) is None]
    if not missing:
        return Finding(state="ok", what=f"extra '{name}' is complete")
    return Finding(
        state="note",
        what=f"extra '{name}' lacks {', '.join(missing)}",
        advice=f"pip install 'fauxwatch[{name}]' if you need it",
    )
