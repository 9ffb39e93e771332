"""Where training starts: the bundled model, a folder, or a model of the hub at a pinned commit. The hub is called only when named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.artefact import model_path
from nlp.errors import ArtefactError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HubName", "base_folder", "is_model_folder", "parse_hub"]

_HUB: Final = re.compile(r"hub:(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>\S+))?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
# Weights as safetensors, settings and tokenizer as JSON or a sentencepiece table: nothing that can run.
_ALLOWED: Final = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubName:
    """A model of the hub and the commit that is meant."""

    name: str
    revision: str


def base_folder(base: str, *, fetch: Callable[[HubName], Path] | None = None) -> Path:
    """The folder that ``base`` means; ``hub:org/name@commit`` is fetched (weights as safetensors only), all else is local.

    Raises:
        UsageError: for a hub name without a commit.
        ArtefactError: for a folder that holds no model.
    """
    if base.startswith("hub:"):
        return _checked((fetch or _fetch)(parse_hub(base)))
    folder = model_path(base)
    if not folder.is_dir():
        raise ArtefactError(
            str(folder), "no such folder; --base takes 'bundled', a model folder or hub:org/name@commit"
        )
    return _checked(folder)


def is_model_folder(folder: Path) -> bool:
    """Whether it is a folder of fauxwatch (with a head that can be built on), not a bare checkpoint."""
    return (folder / "detector.json").is_file() and (folder / "MANIFEST.json").is_file()


def parse_hub(base: str) -> HubName:
    """The parts of ``hub:org/name@commit``.

    Raises:
        UsageError: if it names no commit of 40 hex digits: a branch may hold other weights tomorrow.
    """
    match = _HUB.fullmatch(base)
    if not match:
        raise UsageError(f"--base {base}: write hub:org/name@COMMIT")
    revision = match["revision"] or ""
    if not _COMMIT.fullmatch(revision):
        raise UsageError(
            f"--base {base}: pin the commit (40 hex digits) that you have looked at, hub:{match['name']}@COMMIT; "
            f"they are listed at https://huggingface.co/{match['name']}/commits/main"
        )
    return HubName(name=match["name"], revision=revision)


def _fetch(name: HubName) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name.name, revision=name.revision, allow_patterns=list(_ALLOWED)))


def _checked(folder: Path) -> Path:
    for needed in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / needed).is_file():
            raise ArtefactError(
                str(folder),
                f"{needed} is missing; a base needs config.json, model.safetensors and tokenizer.json (no pickles)",
            )
    return folder
