"""What a long run has done so far, kept so that it can be killed at any moment and go on.

Beside ``OUT`` stands the folder ``OUT.parts``: ``journal.json`` says from which inputs and settings the run was begun,
and each ``000123.arrow`` holds the verdicts of one batch with, in its metadata, the rows that were rejected on the way
and how many input rows both took. A part is written under another name, made durable and renamed, so it is there
wholly or not at all. ``finish`` puts the parts together in order: an interrupted run and an uninterrupted one read the
same parts and so write the same bytes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa

from nlp.errors import OutputError, UsageError
from nlp.formats.source import STDIN, expand
from nlp.records import Rejection
from nlp.schema import VERDICT, VERDICT_COLUMNS
from nlp.writers import VerdictWriter, output_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Journal", "fingerprint"]

_FORMAT: Final = 1
_HEADER: Final = "journal.json"
_KEY: Final = b"fauxwatch"
_EDGE: Final = 2**16


class Journal:
    """The parts of one run. Use :meth:`open`, then :meth:`append` for each batch, then :meth:`finish`.

    ``done_rows`` is how many input rows (verdicts and rejections) are kept: what ``nlp.dumps.read`` is to skip.
    ``counts`` has ``verdicts`` and ``rejected``; ``summaries`` what :meth:`append` was given for each part.
    """

    def __init__(self, out: str, folder: Path, lock: int) -> None:
        self._out = out
        self._folder = folder
        self._lock = lock
        self._parts = 0
        self.done_rows = 0
        self.counts = {"verdicts": 0, "rejected": 0}
        self.summaries: list[dict[str, Any]] = []

    @classmethod
    def open(
        cls,
        out: str | Path,
        inputs: Sequence[str | Path],
        settings: Mapping[str, Any],
        *,
        resume: bool = False,
    ) -> Self:
        """The journal of the run that writes ``out``; with ``resume`` that of the run before, if there is one.

        ``settings`` is whatever changes verdicts (model, mapping, batch size, …), as JSON. Without ``resume`` what an
        interrupted run left is thrown away.

        Raises:
            UsageError: if inputs or settings are not those of the run that is to be resumed, or stdin is resumed.
            OutputError: if another run writes ``out`` now, or the disk refuses.
        """
        output_format(out)
        folder = Path(f"{out}.parts")
        header = {
            "format": _FORMAT,
            "inputs": [fingerprint(name) for name in expand(inputs)],
            "settings": json.loads(json.dumps(settings, sort_keys=True)),
        }
        with _told(str(out)):
            folder.mkdir(parents=True, exist_ok=True)
            journal = cls(str(out), folder, _locked(str(out), folder))
            try:
                journal._begin(header, resume=resume)
            except BaseException:
                journal.close()
                raise
        return journal

    def append(
        self,
        verdicts: pa.RecordBatch,
        rejections: Sequence[Rejection],
        rows_read: int,
        summary: Mapping[str, Any] | None = None,
        *,
        suspects: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Keep a batch for good: its verdicts (possibly none), the rows rejected on the way, the input rows of both.

        ``suspects`` are listings, as JSON, to stand in ``OUT.suspects.jsonl``.

        Raises:
            OutputError: if it cannot be written; what was kept before stays.
        """
        about = {
            "rows_read": rows_read,
            "rejections": [asdict(rejection) for rejection in rejections],
            "summary": dict(summary or {}),
            "suspects": [dict(suspect) for suspect in suspects],
        }
        schema = VERDICT.with_metadata({_KEY: json.dumps(about).encode()})
        table = pa.Table.from_batches([verdicts.select(list(VERDICT_COLUMNS))]).cast(VERDICT)
        with _told(self._out):
            _durable(self._part(self._parts), _ipc_bytes(table.replace_schema_metadata(schema.metadata)))
        self._count(about, verdicts.num_rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The verdicts kept so far, a batch for each part, in order."""
        for number in range(self._parts):
            table, _ = _read_part(self._part(number))
            yield from table.replace_schema_metadata(None).to_batches()

    def rejections(self) -> Iterator[Rejection]:
        """The rejected rows kept so far, in order."""
        for about in self._abouts():
            yield from (Rejection(**rejection) for rejection in about["rejections"])

    def suspects(self) -> Iterator[dict[str, Any]]:
        """The suspected listings kept so far, in order."""
        for about in self._abouts():
            yield from about["suspects"]

    def _abouts(self) -> Iterator[dict[str, Any]]:
        for number in range(self._parts):
            yield _read_part(self._part(number))[1]

    def finish(self) -> None:
        """Write ``OUT``, ``OUT.rejected.jsonl`` and ``OUT.suspects.jsonl`` from the parts, and remove the parts.

        Raises:
            OutputError: if the disk refuses; the parts stay, so that the run can be resumed once there is room.
        """
        with VerdictWriter(self._out) as writer:
            for batch in self.batches():
                writer.write(None, batch)
            for rejection in self.rejections():
                writer.reject(rejection)
            for suspect in self.suspects():
                writer.suspect(suspect)
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the output; the parts stay."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, header: dict[str, Any], *, resume: bool) -> None:
        path = self._folder / _HEADER
        if resume and path.exists():
            self._compare(json.loads(path.read_text("utf-8")), header)
            self._load()
            return
        for old in (*self._folder.glob("*.arrow"), *self._folder.glob("*.new")):
            old.unlink()
        _durable(path, json.dumps(header, ensure_ascii=False, indent=1).encode())

    def _compare(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        advice = "run again without --resume to begin anew"
        if before.get("format") != now["format"]:
            raise UsageError(f"{self._out}.parts was written by another version of fauxwatch; {advice}")
        if any(each["path"] == STDIN for each in now["inputs"]):
            raise UsageError(f"standard input cannot be read twice, so this run cannot be resumed; {advice}")
        old = {each["path"]: each for each in before["inputs"]}
        changed = [each["path"] for each in now["inputs"] if old.get(each["path"]) != each]
        gone = sorted(set(old) - {each["path"] for each in now["inputs"]})
        if changed or gone or before["inputs"] != now["inputs"]:
            which = ", ".join([*changed, *gone]) or "the order of the files"
            raise UsageError(f"inputs are not those of the interrupted run ({which}); {advice}")
        differing = sorted(
            key
            for key in before["settings"].keys() | now["settings"].keys()
            if before["settings"].get(key) != now["settings"].get(key)
        )
        if differing:
            raise UsageError(
                f"settings are not those of the interrupted run ({', '.join(differing)}); {advice}"
            )

    def _load(self) -> None:
        while self._part(self._parts).exists():
            table, about = _read_part(self._part(self._parts))
            self._count(about, table.num_rows)

    def _count(self, about: Mapping[str, Any], verdicts: int) -> None:
        self._parts += 1
        self.done_rows += about["rows_read"]
        self.counts["verdicts"] += verdicts
        self.counts["rejected"] += len(about["rejections"])
        self.summaries.append(about["summary"])

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:06}.arrow"


def fingerprint(name: str) -> dict[str, Any]:
    """What tells a file from a changed one without reading all of it: size, time, digest of its first and last 64 KiB."""
    path = Path(name)
    if name == STDIN or not path.is_file():
        return {"path": name}
    try:
        status = path.stat()
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_EDGE))
            file.seek(max(0, status.st_size - _EDGE))
            digest.update(file.read(_EDGE))
    except OSError:
        return {"path": name}  # reading the dump will say what is wrong with it
    return {"path": name, "size": status.st_size, "mtime": status.st_mtime_ns, "sha256": digest.hexdigest()}


def _ipc_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _read_part(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    try:
        table = pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
        about = json.loads((table.schema.metadata or {})[_KEY])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise OutputError(str(path), f"is damaged ({error}); run again without --resume") from error
    return table, about


def _durable(path: Path, content: bytes) -> None:
    """The file is there with all its bytes, or not at all."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _locked(out: str, folder: Path) -> int:
    """A lock that ends with the process, however it ends."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise OutputError(
            out, "is being written by another run; wait for it or choose another name"
        ) from error
    return lock


@contextmanager
def _told(out: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(
            f"{out}.parts", f"cannot be written ({why}); what is done is kept for --resume"
        ) from error
