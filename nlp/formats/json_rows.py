"""JSON lines and JSON documents, read value by value so that a large array never stands in memory."""

from __future__ import annotations

import json
import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from nlp.errors import DumpError
from nlp.formats.encodings import Encoding, detect, lines
from nlp.formats.json_stream import JsonStream, MalformedError
from nlp.formats.source import TruncatedError
from nlp.formats.table import BadRow, Item, Limits, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nlp.formats.source import Stream

__all__ = ["json_tables", "looks_like_json"]

_LEVELS: Final = 2
_Value = tuple[int, str] | BadRow


def looks_like_json(head: bytes) -> bool:
    """Whether a text starts as JSON does: ``{"…``, ``{}``, ``[{``, ``[[`` or ``[]``."""
    encoding = detect(head)
    text = "\n".join(line.text or "" for line in islice(lines([head[:65_536]], encoding, 65_536), 50))
    return re.match(r'\s*(\{\s*["}\n]|\{\s*$|\[\s*([{\["\]]|$))', text) is not None


def json_tables(stream: Stream, limits: Limits) -> Iterator[Table]:
    """The tables of a JSON text: its lines, its top array, or the arrays of objects one or two levels down.

    Raises:
        DumpError: if there is no array of objects in it.
    """
    encoding = detect(stream.head)
    if _is_lines(stream.head, encoding):
        yield _table(_line_values(stream, encoding, limits), limits, encoding, "JSON lines")
        return
    json_stream = JsonStream(_text(stream, encoding), limits.row)
    yield from _document(stream.name, json_stream, limits, encoding)


def _is_lines(head: bytes, encoding: Encoding) -> bool:
    """Whether the first two lines with text each hold a whole value."""
    first = [line.text for line in lines([head], encoding, len(head)) if line.text and line.text.strip()][:2]
    if len(first) < 2 or not first[0].lstrip().startswith("{"):
        return False
    try:
        json.loads(first[0])
    except (ValueError, RecursionError):
        return first[1].lstrip().startswith('{"') and first[0].rstrip().endswith("}")
    return True


def _text(stream: Stream, encoding: Encoding) -> Iterator[str]:
    """Decoded text in pieces; a whole document is decoded by line, as other dumps are."""
    held: list[str] = []
    size = 0
    longest = 64 * 2**20
    for line in lines(stream.chunks(), encoding, longest):
        if line.text is None:
            raise DumpError(
                stream.name, f"line {line.number} has more than {longest:,} bytes; cannot be read"
            )
        held.append(line.text + "\n")
        size += len(line.text) + 1
        if size > 2**18:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def _line_values(stream: Stream, encoding: Encoding, limits: Limits) -> Iterator[_Value]:
    number = 0
    try:
        for line in lines(stream.chunks(), encoding, limits.row):
            number = line.number
            if line.text is None:
                yield BadRow(
                    number, f"a line of {line.size:,} bytes, more than the {limits.row:,} that are read"
                )
            elif line.text.strip():
                yield number, line.text
    except TruncatedError as error:
        yield BadRow(number + 1, f"the packed data break off here ({error}); the rest is lost")


def _document(name: str, text: JsonStream, limits: Limits, encoding: Encoding) -> Iterator[Table]:
    try:
        opening = text.peek()
    except (MalformedError, TruncatedError) as error:
        raise DumpError(name, f"is not JSON that can be read: {error}") from error
    if opening == "[":
        yield _table(_broken_ends(text.array()), limits, encoding, "JSON array")
        return
    walk = _Walk(name, text, limits, encoding)
    yield from walk.tables("", _LEVELS)
    if walk.arrays:
        return
    by_column = any(re.search(r"\.\d+$", key) for key in walk.keys)
    if walk.scalars and not walk.skipped and not by_column:
        row = json.dumps(walk.scalars)
        yield _table(iter([(1, row)]), limits, encoding, "one JSON object")
        return
    keys = ", ".join(list(walk.keys)[:20]) or "none"
    raise DumpError(
        name,
        f"is JSON of a shape that holds no list of listings (keys seen: {keys}); give an array of objects, an object "
        "with such an array in it, or one object a line (pandas: df.to_json(orient='records', lines=True))",
    )


class _Walk:
    """Goes through a document that is an object, and remembers what it saw besides arrays of objects."""

    def __init__(self, name: str, text: JsonStream, limits: Limits, encoding: Encoding) -> None:
        self._name = name
        self._text = text
        self._limits = limits
        self._encoding = encoding
        self.arrays = 0
        self.keys: dict[str, None] = {}
        self.scalars: dict[str, Any] = {}
        self.skipped = False

    def tables(self, prefix: str, levels: int) -> Iterator[Table]:
        """A table for each array of objects, down to ``levels``."""
        try:
            for key in self._text.keys():  # noqa: SIM118 - not a mapping
                yield from self._value(f"{prefix}{key}", levels)
        except (MalformedError, TruncatedError) as error:
            if not self.arrays:
                raise DumpError(self._name, f"is not JSON that can be read: {error}") from error

    def _value(self, path: str, levels: int) -> Iterator[Table]:
        if len(self.keys) < self._limits.columns:
            self.keys[path] = None
        opening = self._text.peek()
        if opening == "[" and self._text.array_of_objects():
            self.arrays += 1
            values = _broken_ends(self._text.array())
            yield _table(values, self._limits, self._encoding, "JSON array", name=path)
            self._text.finish_array()
        elif opening == "{" and levels > 1:
            yield from self.tables(f"{path}.", levels - 1)
        else:
            self._keep(path, self._text.take()[1])

    def _keep(self, path: str, raw: str) -> None:
        loaded = _load(raw) if len(raw) < 2**20 and len(self.scalars) < self._limits.columns else None
        if loaded is None or isinstance(loaded, ValueError):
            self.skipped = self.skipped or raw != "null"
            return
        self.scalars[path] = loaded


def _broken_ends(values: Iterator[tuple[int, str]]) -> Iterator[_Value]:
    """The values, and one bad row in place of what follows a fault of the document."""
    line = 0
    try:
        for value in values:
            line = value[0]
            yield value
    except (MalformedError, TruncatedError) as error:
        yield BadRow(
            max(line, getattr(error, "line", 0), 1), f"the JSON breaks off here ({error}); the rest is lost"
        )


def _table(
    values: Iterator[_Value], limits: Limits, encoding: Encoding, layout: str, *, name: str = ""
) -> Table:
    """A table whose columns are the keys of the first rows, inner objects spelt ``brand.name``."""
    first = list(islice(values, limits.sample_rows))
    sample = [row for row in map(_flat_value, first) if isinstance(row, dict)]
    columns: dict[str, None] = {}
    for row in sample:
        columns.update(dict.fromkeys(row))
        if len(columns) > limits.columns:
            columns = dict(islice(columns.items(), limits.columns))
            break
    names = list(columns)
    return Table(
        columns=names,
        sample=[[row.get(name) for name in names] for row in sample],
        rows=lambda wanted: _rows(chain(first, values), [names[index] for index in wanted]),
        name=name,
        encoding=encoding.name,
        layout=layout,
    )


def _rows(values: Iterator[_Value], wanted: Sequence[str]) -> Iterator[Item]:
    for value in values:
        if isinstance(value, BadRow):
            yield value
            continue
        flat = _flat_value(value)
        if isinstance(flat, str):
            yield BadRow(value[0], flat, value[1])
        else:
            yield Row(value[0], [flat.get(name) for name in wanted])


def _flat_value(value: _Value) -> dict[str, Any] | str:
    """One row by flat keys, or what is wrong with it."""
    if isinstance(value, BadRow):
        return value.reason
    loaded = _load(value[1])
    if isinstance(loaded, ValueError):
        return f"not JSON: {loaded}"
    if not isinstance(loaded, dict):
        return f"a JSON object was expected, not {_kind(loaded)}"
    return _flat(loaded)


def _load(text: str) -> Any:
    """The value, or the error that says why there is none."""
    try:
        return json.loads(text)
    except RecursionError:
        return ValueError("nested too deeply")
    except ValueError as error:
        return error


def _kind(value: object) -> str:
    names = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict) and value:
            for inner, each in value.items():
                flat[f"{key}.{inner}"] = each
        else:
            flat[key] = value
    return flat
