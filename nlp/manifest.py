"""The record of a run that stands beside its output: ``OUT.manifest.json``.

It says from which inputs (path, size, time, sha256), by which model, settings and versions, on which engine and when the
verdicts were made, how many there are, and the sha256 of the output: what somebody needs to check or repeat the run.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from nlp.places import open_place
from nlp.verdict_formats import shards_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nlp.journal import Journal
    from nlp.summary import Summary

__all__ = ["encoded", "manifest_of", "now", "versions"]

_FORMAT: Final = 1
_PACKAGES: Final = (
    "fauxwatch",
    "numpy",
    "onnxruntime",
    "pyahocorasick",
    "pyarrow",
    "ray",
    "spacy",
    "tokenizers",
)
_BLOCK: Final = 2**20


def now() -> str:
    """This moment, UTC, to the second: ``2026-11-27T21:47:40Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that take part in a verdict."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def manifest_of(journal: Journal, summary: Summary, *, model_fingerprint: str) -> dict[str, Any]:
    """The manifest of a run whose output is written. ``sessions`` has one entry a start or resumption, in order."""
    sessions = journal.sessions
    return {
        "format": _FORMAT,
        "began": sessions[0]["began"] if sessions else now(),
        "ended": now(),
        "output": [_file(name) for name in shards_of(summary.output)],
        "inputs": journal.header["inputs"],
        "inputs_changed_meanwhile": journal.changed_inputs(),
        "model": {"name": journal.header["settings"]["model"], "sha256": model_fingerprint},
        "settings": journal.header["settings"],
        "versions": versions(),
        "sessions": sessions,
        "counts": {
            "rows": summary.rows + summary.rejected,
            "verdicts": summary.rows,
            "rejected": summary.rejected,
            **{band: summary.bands[band] for band in ("clear", "queue", "act")},
        },
        "gate": asdict(summary.passage) if summary.passage else None,
    }


def encoded(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of the file."""
    return (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()


def _file(name: str) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with open_place(name) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return {"path": name, "size": size, "sha256": digest.hexdigest()}
