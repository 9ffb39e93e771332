"""Exports of Label Studio and Argilla as plain rows: one listing a row, a column ``counterfeit``, a column ``cues``.

Annotations of several people on one listing are settled by majority; a tie leaves the row without a label. Everything is read as
JSON; nothing in an export is executed or fetched.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.cues import CUE_NAMES
from nlp.errors import DumpError
from training.label_columns import meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Flattened", "flatten_export"]

_LARGEST: Final = 2 * 2**30
_ANSWER: Final = "counterfeit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """The plain file that stands for an export, which tool wrote it, and how many rows had annotators who disagreed or tied."""

    path: Path
    tool: str
    disagreed: int
    tied: int


def flatten_export(path: str | Path, work: Path) -> Flattened | None:
    """The export at ``path`` as JSON lines under ``work``; None if it is no export of Label Studio or Argilla.

    Raises:
        DumpError: if it looks like an export but is larger than can be held, or damaged.
    """
    file = Path(path)
    if file.suffix.lower() not in (".json", ".jsonl", ".ndjson") or not file.is_file():
        return None
    first = _first_record(file)
    tool = _tool_of(first) if first is not None else None
    if tool is None:
        return None
    if file.stat().st_size > _LARGEST:
        raise DumpError(str(file), f"is an export of {tool} of more than 2 GiB; export it in parts")
    work.mkdir(parents=True, exist_ok=True)
    target = work / f"{file.stem}.{tool.replace(' ', '-').lower()}.jsonl"
    disagreed = tied = 0
    with target.open("w", encoding="utf-8") as stream:
        for record in _records(file):
            row, votes = _studio_row(record) if tool == "Label Studio" else _argilla_row(record)
            answer = _majority(votes)
            disagreed += len(set(votes)) > 1
            tied += answer is None and bool(votes)
            row[_ANSWER] = answer
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return Flattened(path=target, tool=tool, disagreed=disagreed, tied=tied)


def _first_record(file: Path) -> dict[str, Any] | None:
    """The first object of the file, without reading more than its first megabyte."""
    with file.open(encoding="utf-8", errors="replace") as stream:
        head = stream.read(2**20).lstrip("\ufeff \t\r\n")
    if head.startswith("["):
        head = head[1:].lstrip()
    if not head.startswith("{"):
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(head)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _tool_of(record: dict[str, Any]) -> str | None:
    if isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list):
        return "Label Studio"
    if isinstance(record.get("fields"), dict) and isinstance(record.get("responses", []), list | dict):
        return "Argilla"
    return None


def _records(file: Path) -> Iterator[dict[str, Any]]:
    text = file.read_text(encoding="utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    try:
        rows: Iterable[Any]
        if text.startswith("["):
            rows = json.loads(text)
        else:
            rows = (json.loads(line) for line in text.splitlines() if line.strip())
        yield from (row for row in rows if isinstance(row, dict))
    except (ValueError, RecursionError) as error:
        raise DumpError(str(file), f"is damaged JSON ({error}); export it again") from error


def _studio_row(record: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """A task: its data, the choices of every annotation that was not cancelled."""
    row = {key: value for key, value in record["data"].items() if not isinstance(value, dict | list)}
    row.setdefault("id", record.get("id"))
    votes: list[float] = []
    cues: set[str] = set()
    for annotation in record.get("annotations") or ():
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        words = list(_studio_words(annotation.get("result") or ()))
        votes += _votes(words)
        cues |= _cues(words)
    return _with_cues(row, cues), votes


def _studio_words(results: Iterable[Any]) -> Iterator[str]:
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        for words in value.values() if isinstance(value, dict) else ():
            if isinstance(words, list):
                yield from (str(word) for word in words if isinstance(word, str | int | bool))


def _argilla_row(record: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """A record of Argilla 1 (``responses`` a list) or 2 (``responses`` by question)."""
    row = {key: value for key, value in record["fields"].items() if not isinstance(value, dict | list)}
    for key, value in (record.get("metadata") or {}).items():
        if not isinstance(value, dict | list):
            row.setdefault(key, value)
    row.setdefault("id", record.get("id"))
    words = [word for answer in _argilla_answers(record.get("responses") or ()) for word in answer]
    return _with_cues(row, _cues(words)), _votes(words)


def _argilla_answers(responses: Any) -> Iterator[list[str]]:
    if isinstance(responses, dict):
        for answers in responses.values():
            for answer in answers if isinstance(answers, list) else ():
                if isinstance(answer, dict) and answer.get("status", "submitted") == "submitted":
                    yield _flat(answer.get("value"))
        return
    for response in responses:
        if isinstance(response, dict) and response.get("status", "submitted") == "submitted":
            for answer in (response.get("values") or {}).values():
                yield _flat(answer.get("value") if isinstance(answer, dict) else answer)


def _flat(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(each.get("label", "") if isinstance(each, dict) else each) for each in value]
    return [] if value is None else [str(value)]


def _votes(words: Sequence[str]) -> list[float]:
    return [value for word in words if (value := meaning(word)) is not None]


def _cues(words: Sequence[str]) -> set[str]:
    return {cue for word in words for cue in CUE_NAMES if word.strip().casefold().replace(" ", "_") == cue}


def _with_cues(row: dict[str, Any], cues: set[str]) -> dict[str, Any]:
    return row | ({"cues": "; ".join(sorted(cues))} if cues else {})


def _majority(votes: Sequence[float]) -> float | None:
    counts = Counter(votes).most_common(2)
    if not counts or (len(counts) > 1 and counts[0][1] == counts[1][1]):
        return None
    return int(counts[0][0])
