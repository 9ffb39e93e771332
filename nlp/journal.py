"""What a long run has done so far, kept so that it can be killed at any moment and go on.

Beside ``OUT`` stands the folder ``OUT.parts``: ``journal.json`` says from which inputs and settings the run was begun,
and each ``000123.arrow`` holds the verdicts of one batch with, in its metadata, the rows that were rejected on the way
and how many input rows both took. A part is written under another name, made durable and renamed, so it is there
wholly or not at all. ``finish`` puts the parts together in order: an interrupted run and an uninterrupted one read the
same parts and so write the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast

import pyarrow as pa

from nlp.errors import OutputError, UsageError
from nlp.folders import Folder, LocalFolder, RemoteFolder, write_whole
from nlp.formats.source import STDIN, expand
from nlp.places import is_remote, open_place, state_of
from nlp.records import Rejection
from nlp.schema import VERDICT, VERDICT_COLUMNS
from nlp.writers import VerdictWriter, manifest_path, output_format, parts_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from io import BufferedReader

__all__ = ["Journal", "fingerprint"]

_FORMAT: Final = 2
_HEADER: Final = "journal.json"
_SESSIONS: Final = "sessions.json"
_KEY: Final = b"fauxwatch"
_EDGE: Final = 2**16
_WHOLE: Final = (
    4 * 2**30
)  # bytes of a file that is read wholly for its sha256: seconds, and classifying takes hours


class Journal:
    """The parts of one run. Use :meth:`open`, then :meth:`append` for each batch, then :meth:`finish`.

    ``done_rows`` is how many input rows (verdicts and rejections) are kept: what ``nlp.dumps.read`` is to skip.
    ``counts`` has ``verdicts``, ``rejected`` and ``suspects``; ``summaries`` what :meth:`append` was given for each part;
    ``sessions`` what :meth:`begin_session` was given each time the run was begun or resumed; ``header`` inputs and settings.
    """

    def __init__(self, out: str, folder: Folder, header: dict[str, Any]) -> None:
        self._out = out
        self._folder = folder
        self._parts = 0
        self.header = header
        self.done_rows = 0
        self.counts = {"verdicts": 0, "rejected": 0, "suspects": 0}
        self.summaries: list[dict[str, Any]] = []
        self.sessions: list[dict[str, Any]] = []

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
        header = {
            "format": _FORMAT,
            "inputs": [fingerprint(name) for name in expand(inputs)],
            "settings": json.loads(json.dumps(settings, sort_keys=True)),
        }
        with _told(str(out)):
            folder: Folder = (
                RemoteFolder(parts_path(out))
                if is_remote(out)
                else LocalFolder(Path(parts_path(out)), str(out))
            )
            folder.lock()
            journal = cls(str(out), folder, header)
            try:
                journal._begin(resume=resume)
            except BaseException:
                journal.close()
                raise
        return journal

    def begin_session(self, about: Mapping[str, Any]) -> None:
        """Note that the run is begun or resumed now: when, on which engine, after how many rows."""
        self.sessions.append(dict(about))
        with _told(self._out):
            self._folder.write(_SESSIONS, json.dumps(self.sessions, ensure_ascii=False).encode())

    def changed_inputs(self) -> list[str]:
        """The inputs whose size or time is no longer what it was when this process looked first."""
        return [
            each["path"]
            for each in self.header["inputs"]
            if "mtime" in each and (each["size"], each["mtime"]) != state_of(each["path"])
        ]

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
            self._folder.write(_part(self._parts), _ipc_bytes(table.replace_schema_metadata(schema.metadata)))
        self._count(about, verdicts.num_rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The verdicts kept so far, a batch for each part, in order."""
        for number in range(self._parts):
            table, _ = self._read(number)
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
            yield self._read(number)[1]

    def finish(self, manifest: Callable[[], bytes] | None = None) -> None:
        """Write ``OUT``, ``OUT.rejected.jsonl`` and ``OUT.suspects.jsonl`` from the parts, and remove the parts.

        ``manifest`` is called when these stand under their names; what it returns becomes ``OUT.manifest.json``.

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
        if manifest is not None and self._out != "-":
            with _told(self._out):
                write_whole(manifest_path(self._out), manifest())
        self._folder.remove()

    def close(self) -> None:
        """Let go of the output; the parts stay."""
        self._folder.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None and not self._parts:
            self._folder.remove()  # nothing is done that could be gone on with
        self.close()

    def _begin(self, *, resume: bool) -> None:
        before = self._folder.read(_HEADER) if resume else None
        if before is not None:
            self._compare(json.loads(before), self.header)
            self._load()
            return
        self._folder.clear()
        self._folder.write(_HEADER, json.dumps(self.header, ensure_ascii=False, indent=1).encode())

    def _compare(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        advice = "run again without --resume to begin anew"
        if before.get("format") != now["format"]:
            raise UsageError(f"{self._out}.parts was written by another version of fauxwatch; {advice}")
        if any(each["path"] == STDIN for each in now["inputs"]):
            raise UsageError(f"standard input cannot be read twice, so this run cannot be resumed; {advice}")
        old = {each["path"]: each for each in before["inputs"]}
        changed = [each["path"] for each in now["inputs"] if not _same(old.get(each["path"]), each)]
        gone = sorted(set(old) - {each["path"] for each in now["inputs"]})
        if changed or gone or list(old) != [each["path"] for each in now["inputs"]]:
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
        """Count the parts up to the first that is missing or torn: from there on the rows are read again."""
        self.sessions = json.loads(self._folder.read(_SESSIONS) or b"[]")
        while (content := self._folder.read(_part(self._parts))) is not None:
            try:
                table, about = _opened(content, _part(self._parts))
            except OutputError:
                return
            self._count(about, table.num_rows)

    def _read(self, number: int) -> tuple[pa.Table, dict[str, Any]]:
        name = _part(number)
        return _opened(self._folder.read(name) or b"", f"{parts_path(self._out)}/{name}")

    def _count(self, about: Mapping[str, Any], verdicts: int) -> None:
        self._parts += 1
        self.done_rows += about["rows_read"]
        self.counts["verdicts"] += verdicts
        self.counts["rejected"] += len(about["rejections"])
        self.counts["suspects"] += len(about["suspects"])
        self.summaries.append(about["summary"])


def fingerprint(name: str) -> dict[str, Any]:
    """What tells a file from a changed one: size, time and sha256.

    ``of`` is ``all`` if the sha256 is of all bytes; files over 4 GiB and those in object storage are ``edges``: their first and
    last 64 KiB. The time of the latter is the storage's own mark of a state, its ETag if it has one.
    """
    state = None if name == STDIN else state_of(name)
    if state is None:
        return {"path": name}
    size, time = state
    try:
        with open_place(name) as file:
            if size <= _WHOLE and not is_remote(name):
                of, digest = "all", hashlib.file_digest(cast("BufferedReader", file), "sha256")
            else:
                of, digest = "edges", hashlib.sha256(file.read(_EDGE))
                file.seek(max(0, size - _EDGE))
                digest.update(file.read(_EDGE))
    except OSError:
        return {"path": name}  # reading the dump will say what is wrong with it
    return {"path": name, "size": size, "mtime": time, "of": of, "sha256": digest.hexdigest()}


def _same(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """The same bytes; the time counts only where not all bytes were read."""
    if before is None or now.get("of") != "all":
        return before == now
    return all(before.get(key) == now[key] for key in ("size", "of", "sha256"))


def _part(number: int) -> str:
    return f"{number:06}.arrow"


def _ipc_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _opened(content: bytes, name: str) -> tuple[pa.Table, dict[str, Any]]:
    try:
        table = pa.ipc.open_file(pa.BufferReader(content)).read_all()
        about = json.loads((table.schema.metadata or {})[_KEY])
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise OutputError(name, f"is damaged ({error}); run again without --resume") from error
    return table, about


@contextmanager
def _told(out: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError(
            f"{out}.parts", f"cannot be written ({why}); what is done is kept for --resume"
        ) from error
