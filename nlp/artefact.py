"""What a model folder holds; read, verify, fingerprint. Nothing in a folder is trusted, nothing in it is run.

A folder is a plain Transformers checkpoint plus ``onnx/model.onnx``, ``ngrams.safetensors``, ``detector.json``, ``metrics.json``,
``training.toml``, ``README.md`` (the card) and ``MANIFEST.json`` (sha256 and size of every other file); one that a team trained
also has ``team.safetensors``. Only JSON, TOML, Markdown, safetensors and ONNX are read; links, paths that leave the folder, unlisted
files, pickles, remote code, tensors that lie about their place and sizes over the limits are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from nlp.errors import ArtefactError

__all__ = [
    "BUNDLED",
    "SCHEMA_VERSION",
    "TEAM_SCHEMA_VERSION",
    "Artefact",
    "model_path",
    "open_artefact",
    "write_manifest",
]

SCHEMA_VERSION: Final = 1
TEAM_SCHEMA_VERSION: Final = 2  # with a head of a team's own labels, which schema 1 would pass over
BUNDLED: Final = Path(__file__).parent / "models" / "fauxwatch-small"

_SUFFIXES: Final = frozenset(
    {".json", ".jsonl", ".toml", ".md", ".safetensors", ".onnx", ".txt", ".png", ".svg"}
)
_REQUIRED: Final = ("detector.json", "config.json", "tokenizer.json", "onnx/model.onnx")
_FILE_LIMIT: Final = 4 * 2**30
_JSON_LIMIT: Final = 64 * 2**20
_COUNT_LIMIT: Final = 200
_SAFETENSORS_HEADER_LIMIT: Final = 16 * 2**20
_LENGTH_LIMIT: Final = 8_192  # tokens
# In an ONNX file a tensor's data may stand elsewhere: a string entry with the key "location" says where.
_EXTERNAL: Final = b"\x0a\x08location"
_WIDTHS: Final = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A verified model folder: its path, its settings and a fingerprint that changes when any byte does."""

    path: Path
    name: str
    detector: dict[str, Any]
    labels: tuple[str, ...]
    fingerprint: str

    @property
    def identity(self) -> str:
        """``name@fingerprint``, as it stands in the verdict column ``model``."""
        return f"{self.name}@{self.fingerprint[:12]}"

    def json(self, name: str) -> Any:
        """The content of a JSON file of the folder."""
        return _read_json(self.path, name)


def model_path(model: str | Path) -> Path:
    """The folder that ``model`` means: 'bundled', or a path."""
    return BUNDLED if str(model) == "bundled" else Path(model)


def open_artefact(path: Path) -> Artefact:
    """The folder at ``path``, after every file was checked against ``MANIFEST.json``.

    Raises:
        ArtefactError: saying which file is missing, altered, too large, of a forbidden kind or outside the folder.
    """
    if not path.is_dir():
        raise ArtefactError(str(path), "no such folder; 'fauxwatch models' lists what there is")
    manifest = _read_json(path, "MANIFEST.json")
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or len(files) > _COUNT_LIMIT:
        raise ArtefactError(str(path), "MANIFEST.json has no table 'files' of at most 200 entries")
    for name, entry in sorted(files.items()):
        _verify(path, str(name), entry)
    _refuse_unlisted(path, set(files))
    for name in _REQUIRED:
        if name not in files:
            raise ArtefactError(str(path), f"{name} is missing; export the model again")
    detector = _read_json(path, "detector.json")
    _check_schema(path, detector)
    config = _read_json(path, "config.json")
    return Artefact(
        path=path,
        name=str(detector.get("name", path.name)),
        detector=detector,
        labels=_labels(path, config),
        fingerprint=hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest(),
    )


def write_manifest(path: Path) -> None:
    """Writes ``MANIFEST.json`` over all files of the folder as they are now."""
    files = {
        file.relative_to(path).as_posix(): {"sha256": _sha256(file), "bytes": file.stat().st_size}
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name != "MANIFEST.json"
    }
    text = json.dumps({"schema": SCHEMA_VERSION, "files": files}, indent=1, sort_keys=True)
    (path / "MANIFEST.json").write_text(text + "\n", encoding="utf-8")


def _verify(folder: Path, name: str, entry: Any) -> None:
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or name != pure.as_posix():
        raise ArtefactError(str(folder), f"MANIFEST.json names {name!r}, which is outside the folder")
    if pure.suffix not in _SUFFIXES:
        raise ArtefactError(
            str(folder),
            f"{name} is of a kind that a model folder may not hold (pickles and code are refused)",
        )
    file = folder / name
    size = _regular_size(folder, file, name)
    if not isinstance(entry, dict) or entry.get("bytes") != size:
        raise ArtefactError(
            str(folder), f"{name} has {size} bytes, MANIFEST.json says otherwise; fetch the model again"
        )
    if entry.get("sha256") != _sha256(file):
        raise ArtefactError(
            str(folder), f"{name} does not match its sha256 in MANIFEST.json; fetch the model again"
        )
    if pure.suffix == ".safetensors":
        _check_safetensors_header(folder, file, name, size)
    if pure.suffix == ".onnx" and _holds(file, _EXTERNAL):
        raise ArtefactError(
            str(folder), f"{name} keeps tensors in another file; export it again with its data inside"
        )


def _regular_size(folder: Path, file: Path, name: str) -> int:
    try:
        status = os.lstat(file)
    except OSError as error:
        raise ArtefactError(str(folder), f"{name} is missing or unreadable ({error.strerror})") from error
    if not stat.S_ISREG(status.st_mode) or not file.resolve().is_relative_to(folder.resolve()):
        raise ArtefactError(
            str(folder), f"{name} is a link or no plain file; copy the real file into the folder"
        )
    if status.st_size > _FILE_LIMIT:
        raise ArtefactError(str(folder), f"{name} is larger than {_FILE_LIMIT >> 30} GiB")
    return status.st_size


def _check_safetensors_header(folder: Path, file: Path, name: str, size: int) -> None:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
    if length > min(_SAFETENSORS_HEADER_LIMIT, size):
        raise ArtefactError(
            str(folder), f"{name} claims a header of {length} bytes; it is damaged or hostile"
        )
    with file.open("rb") as stream:
        stream.seek(8)
        raw = stream.read(length)
    try:
        table = json.loads(raw)
        fits = all(
            _tensor_fits(entry, size - 8 - length) for key, entry in table.items() if key != "__metadata__"
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise ArtefactError(
            str(folder), f"{name} names tensors that its {size} bytes cannot hold; it is damaged or hostile"
        )


def _tensor_fits(entry: dict[str, Any], room: int) -> bool:
    start, end = entry["data_offsets"]
    count = math.prod(entry["shape"]) if entry["shape"] else 1
    fits: bool = 0 <= start <= end <= room and count * _WIDTHS.get(entry["dtype"], 1) == end - start
    return fits


def _holds(file: Path, wanted: bytes) -> bool:
    """Whether the file holds these bytes, read in pieces that overlap."""
    tail = b""
    with file.open("rb") as stream:
        while piece := stream.read(2**22):
            if wanted in tail + piece:
                return True
            tail = piece[-len(wanted) :]
    return False


def _refuse_unlisted(folder: Path, listed: set[str]) -> None:
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if not file.is_dir() and name not in listed and name != "MANIFEST.json":
            raise ArtefactError(
                str(folder), f"{name} does not stand in MANIFEST.json; remove it or export again"
            )


def _read_json(folder: Path, name: str) -> Any:
    file = folder / name
    size = _regular_size(folder, file, name)
    if size > _JSON_LIMIT:
        raise ArtefactError(str(folder), f"{name} has {size} bytes, more than {_JSON_LIMIT >> 20} MiB")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ArtefactError(str(folder), f"{name} is not JSON ({error})") from error


def _check_schema(folder: Path, detector: Any) -> None:
    found = detector.get("schema") if isinstance(detector, dict) else None
    if found not in (SCHEMA_VERSION, TEAM_SCHEMA_VERSION) or isinstance(found, bool):
        raise ArtefactError(
            str(folder),
            f"detector.json has schema {found!r}, this version reads {SCHEMA_VERSION} and {TEAM_SCHEMA_VERSION}; update fauxwatch or the model",
        )
    length = detector.get("max_length")
    if not isinstance(length, int) or not 8 <= length <= _LENGTH_LIMIT:
        raise ArtefactError(
            str(folder),
            f"detector.json has max_length {length!r}; it must be from 8 to {_LENGTH_LIMIT} tokens",
        )
    if not all(isinstance(detector.get(key), dict) for key in ("special_tokens", "stack", "thresholds")):
        raise ArtefactError(
            str(folder), "detector.json lacks special_tokens, stack or thresholds; export the model again"
        )
    if not _finite(detector):
        raise ArtefactError(
            str(folder), "detector.json holds a number that is not finite; export the model again"
        )


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _labels(folder: Path, config: Any) -> tuple[str, ...]:
    if isinstance(config, dict) and "auto_map" in config:
        raise ArtefactError(
            str(folder),
            "config.json asks for code of its own (auto_map); fauxwatch runs no code of a model folder",
        )
    table = config.get("id2label") if isinstance(config, dict) else None
    if not isinstance(table, dict) or sorted(table) != sorted(str(at) for at in range(len(table))):
        raise ArtefactError(str(folder), "config.json has no complete id2label")
    return tuple(str(table[str(at)]) for at in range(len(table)))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
