"""CSV, TSV and their kin: delimiter and quoting found from the text, one broken row never costs the next one.

A quote that is opened and not closed is the classic way to lose half a file without a word. Here a record that does
not come out right gives up its first physical line only, as a rejected row, and reading goes on with the next line.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from nlp.errors import DumpError
from nlp.formats.encodings import Line, detect, lines
from nlp.formats.source import TruncatedError
from nlp.formats.table import BadRow, Item, Limits, Row, Table, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nlp.formats.source import Stream

__all__ = ["delimited_table"]

_DELIMITERS: Final = (",", "\t", ";", "|")
_NONE: Final = "\x1f"  # a delimiter that does not occur: the file has one column
_NAMES: Final = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", _NONE: "one column"}
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_SNIFF_LINES: Final = 300
# A quoted cell in a row of its own line; longer ones are cut off by Limits.row.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    delimiter: str
    backslash: bool
    header: tuple[str, ...]
    widths: frozenset[int]
    skipped: int
    has_header: bool


def delimited_table(stream: Stream, limits: Limits) -> Table:
    """The one table of a delimited text.

    Raises:
        DumpError: if there is no row at all or there are more columns than ``limits.columns``.
    """
    encoding = detect(stream.head)
    sample = [line for line in lines([stream.head], encoding, limits.row) if line.text is not None]
    if len(stream.head) >= 2**20 and len(sample) > 1:
        sample.pop()  # the head may have cut it
    layout = _layout(stream.name, sample, limits)
    picked = [
        item.cells
        for item in islice(_records(iter(sample), layout, limits), 3 * limits.sample_rows)
        if isinstance(item, Row)
    ]
    return Table(
        columns=layout.header,
        sample=picked[: limits.sample_rows],
        rows=lambda wanted: _rows(
            _records(lines(stream.chunks(), encoding, limits.row), layout, limits), wanted
        ),
        encoding=encoding.name,
        layout=f"{_NAMES[layout.delimiter]} separated" if layout.delimiter != _NONE else _NAMES[_NONE],
        notes=() if layout.has_header else ("no header line: columns are numbered",),
    )


def _rows(records: Iterator[Item], wanted: Sequence[int]) -> Iterator[Item]:
    reached = 0
    try:
        for item in records:
            reached = item.line
            yield Row(item.line, _pick(item.cells, wanted)) if isinstance(item, Row) else item
    except TruncatedError as error:
        yield BadRow(reached + 1, f"the packed data break off here ({error}); the rest is lost")


def _pick(cells: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    return [cells[index] if index < len(cells) else "" for index in wanted]


class _Feeder:
    """Hands physical lines to the csv reader and can take back all but the first of the current record."""

    def __init__(self, found: Iterator[Line], longest: int) -> None:
        self._found = found
        self._back: deque[Line] = deque()
        self._longest = longest
        self.record: list[Line] = []
        self._held = 0

    def __iter__(self) -> _Feeder:
        return self

    def __next__(self) -> str:
        if self._held > self._longest:
            raise csv.Error(f"a row of more than {self._longest:,} characters")
        line = self._back.popleft() if self._back else next(self._found)
        self.record.append(line)
        if line.text is None:
            raise csv.Error(f"a line of {line.size:,} bytes, more than the {self._longest:,} that are read")
        self._held += len(line.text) + 1
        return line.text + "\n"

    def start(self) -> None:
        """Begin a record."""
        self.record.clear()
        self._held = 0

    def give_back(self) -> None:
        """Read all lines of this record but the first again."""
        self._back.extendleft(reversed(self.record[1:]))
        del self.record[1:]


def _records(found: Iterator[Line], layout: _Layout, limits: Limits) -> Iterator[Item]:
    """Rows after the header, blank ones left out."""
    feeder = _Feeder(found, limits.row)
    reader = csv.reader(feeder, **_options(layout), strict=True)
    header_due = layout.has_header
    while True:
        feeder.start()
        cells, fault = _next(reader)
        if cells is None and fault is None:
            return
        first = feeder.record[0] if feeder.record else None
        if first is None:
            return
        if first.number <= layout.skipped:
            feeder.give_back()
            continue
        if header_due:
            header_due = not (cells and any(cell.strip() for cell in cells))
            continue
        item = _item(cells, fault, feeder, layout)
        if item is not None:
            yield item


def _next(reader: Any) -> tuple[list[str] | None, str | None]:
    """The next record, or None with a fault, or None twice at the end."""
    try:
        return next(reader), None
    except StopIteration:
        return None, None
    except csv.Error as error:
        return None, str(error)


def _item(cells: list[str] | None, fault: str | None, feeder: _Feeder, layout: _Layout) -> Item | None:
    first = feeder.record[0]
    if cells is not None and len(cells) in layout.widths:
        return Row(first.number, cells) if any(map(str.strip, cells)) else None
    if cells is not None and len(feeder.record) == 1:
        return _odd_width(cells, first, layout)
    feeder.give_back()
    if first.text is None:
        return BadRow(first.number, fault or "too long")
    mended = _lenient(first.text, layout)
    if mended is not None:
        return Row(first.number, mended)
    return BadRow(first.number, _plain(fault), first.text)


def _odd_width(cells: list[str], first: Line, layout: _Layout) -> Item | None:
    if not any(map(str.strip, cells)):
        return None
    width = len(layout.header)
    if len(cells) > width and not any(map(str.strip, cells[width:])):
        return Row(first.number, cells[:width])
    reason = f"the row has {len(cells)} cells, the header {width}"
    return BadRow(first.number, reason, first.text or "")


def _lenient(text: str, layout: _Layout) -> list[str] | None:
    """The cells of one line with a stray quote in it, if they are exactly as many as there should be."""
    if _opens_and_never_closes(text, layout):
        return None
    cells = next(csv.reader([text.replace("\r", " ")], **_options(layout)), [])
    return cells if len(cells) in layout.widths and any(map(str.strip, cells)) else None


def _opens_and_never_closes(text: str, layout: _Layout) -> bool:
    probe = csv.reader([text.replace("\r", " ") + "\n", "\n"], **_options(layout))
    cells = next(probe, [])
    return bool(cells) and cells[-1].endswith("\n")


def _plain(fault: str | None) -> str:
    if fault and ("row of more" in fault or "line of" in fault):
        return fault
    return "a quotation mark is opened and not closed, or closed in the middle of a cell"


def _options(layout: _Layout) -> dict[str, Any]:
    escape = {"escapechar": "\\", "doublequote": False} if layout.backslash else {}
    return {"delimiter": layout.delimiter, **escape}


def _layout(name: str, sample: Sequence[Line], limits: Limits) -> _Layout:
    skipped, forced = _preamble(sample)
    body = [line for line in sample if line.number > skipped][:_SNIFF_LINES]
    backslash = _uses_backslash(body)
    delimiter = forced or _delimiter(body, backslash=backslash)
    options: dict[str, Any] = {"escapechar": "\\", "doublequote": False} if backslash else {}
    texts = [f"{line.text}\n" for line in body]
    rows = [row for row in _forgiving(texts, delimiter, options) if any(map(str.strip, row))]
    if not rows:
        raise DumpError(name, "holds no row; there is nothing to read")
    if len(rows[0]) > limits.columns:
        raise DumpError(name, f"has {len(rows[0]):,} columns, more than {limits.columns:,}; is this a table?")
    usual = Counter(map(len, rows[1:])).most_common(1)[0][0] if len(rows) > 1 else len(rows[0])
    has_header = _is_header(rows)
    names = list(rows[0]) if has_header else [""] * len(rows[0])
    if usual == len(names) + 1:
        names.insert(0, "")  # row names without a title, as R writes them
    widths = {len(names)} | ({usual} if usual < len(names) else set())
    return _Layout(
        delimiter=delimiter,
        backslash=backslash,
        header=tuple(unique_names(names)),
        widths=frozenset(widths),
        skipped=skipped,
        has_header=has_header,
    )


def _preamble(sample: Sequence[Line]) -> tuple[int, str | None]:
    """The number of the line "sep=;" that Excel writes, and what it says."""
    for line in sample[:2]:
        match = _SEP_LINE.fullmatch((line.text or "").strip(" \r"))
        if match:
            return line.number, match.group(1)
    return 0, None


def _uses_backslash(body: Sequence[Line]) -> bool:
    r"""Whether quotes inside cells are written \\" and not doubled."""
    escaped = sum(len(re.findall(r'\\"(?![,;|\t]|$)', line.text or "")) for line in body)
    doubled = sum(len(re.findall(r'[^,;|\t"]""[^,;|\t"]', line.text or "")) for line in body)
    return escaped > 2 * doubled and escaped > 0


def _forgiving(texts: Sequence[str], delimiter: str, options: dict[str, Any]) -> Iterator[list[str]]:
    reader = csv.reader(iter(texts), delimiter=delimiter, **options)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue


def _delimiter(body: Sequence[Line], *, backslash: bool) -> str:
    """The one that cuts most rows into the same number of cells, more than one; the header has the first word."""
    texts = [f"{line.text}\n" for line in body]
    options: dict[str, Any] = {"escapechar": "\\", "doublequote": False} if backslash else {}
    best, best_score = _NONE, 0.0
    for delimiter in _DELIMITERS:
        counts = [len(row) for row in _forgiving(texts, delimiter, options) if row]
        if not counts or counts[0] < 2:
            continue
        same = sum(count == counts[0] for count in counts) / len(counts)
        usual, often = Counter(counts).most_common(1)[0]
        near = often / len(counts) if usual > 1 and abs(usual - counts[0]) <= 1 else 0.0
        score = max(same, near) * (1 + min(counts[0], 50) / 100)
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best if best_score >= 0.15 else _NONE


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Names are short, differ from each other and hold no number or link; data below may."""
    first = [cell.strip() for cell in rows[0]]
    filled = [cell for cell in first if cell]
    if len(filled) == 1:
        return len(filled[0]) < 60 and not _is_value(filled[0])
    odd = sum(_is_value(cell) or len(cell) > 60 for cell in filled)
    return odd == 0 or odd < 0.1 * len(filled)


def _is_value(cell: str) -> bool:
    return bool(re.fullmatch(r"[\s\d.,:/%$€£¥₽+-]*\d[\s\d.,:/%$€£¥₽+-]*", cell)) or cell.startswith(
        ("http://", "https://")
    )
