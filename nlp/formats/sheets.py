"""Spreadsheets: each sheet is a table; lines are row numbers as the spreadsheet shows them."""

from __future__ import annotations

import datetime as dt
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from nlp.errors import DumpError
from nlp.formats.table import Item, Limits, Row, Table, unique_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["sheet_tables"]

_LOOK_FOR_HEADER: Final = 20


def sheet_tables(name: str, file: BinaryIO, limits: Limits) -> Iterator[Table]:
    """One table for each sheet with text in it; the header is the first row with as many cells as the rows below.

    Raises:
        DumpError: if the file is damaged, protected, or unpacks to more than ``limits`` allow.
    """
    _refuse_bombs(name, file, limits)
    workbook = _open(name, file)
    for sheet_name in workbook.sheet_names:
        table = _sheet(name, workbook, sheet_name, limits)
        if table is not None:
            yield table


def _refuse_bombs(name: str, file: BinaryIO, limits: Limits) -> None:
    file.seek(0)
    if file.read(2) != b"PK":
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DumpError(name, f"is a damaged spreadsheet or zip archive: {error}") from error
    if not any(
        member.filename in ("xl/workbook.xml", "xl/workbook.bin", "content.xml") for member in members
    ):
        raise DumpError(name, "is a zip archive, not a spreadsheet; unpack it and give what is in it")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > limits.whole or (
        unpacked > limits.ratio_after and unpacked > limits.ratio * max(packed, 1)
    ):
        raise DumpError(name, f"unpacks to {unpacked:,} bytes, too much for a spreadsheet; save it as CSV")


def _open(name: str, file: BinaryIO) -> Any:
    import python_calamine

    file.seek(0)
    try:
        return python_calamine.CalamineWorkbook.from_filelike(file)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DumpError(
            name, f"is a spreadsheet that cannot be read ({error}); save it as .xlsx or CSV"
        ) from error


def _sheet(name: str, workbook: Any, sheet_name: str, limits: Limits) -> Table | None:
    import python_calamine

    try:
        sheet = workbook.get_sheet_by_name(sheet_name)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DumpError(name, f"sheet {sheet_name!r} cannot be read: {error}") from error
    first_row = (sheet.start or (0, 0))[0] + 1
    head = list(islice(sheet.iter_rows(), limits.sample_rows + _LOOK_FOR_HEADER))
    header_at = _header_at(head)
    if header_at is None:
        return None
    header = [str(cell) for cell in head[header_at]]
    if len(header) > limits.columns:
        raise DumpError(
            name, f"sheet {sheet_name!r} has {len(header):,} columns, more than {limits.columns:,}"
        )
    sample = [[_cell(cell) for cell in row] for row in head[header_at + 1 :]]
    return Table(
        columns=unique_names(header),
        sample=[row for row in sample if any(cell is not None for cell in row)],
        rows=lambda wanted: _rows(sheet, first_row, header_at, wanted),
        name=sheet_name,
        suffix=f"[{sheet_name}]" if len(workbook.sheet_names) > 1 else "",
        layout="spreadsheet",
    )


def _header_at(head: Sequence[Sequence[Any]]) -> int | None:
    """The first row that is about as wide as the widest of the first ones: captions above a table are narrower."""
    filled = [sum(cell not in ("", None) for cell in row) for row in head[:_LOOK_FOR_HEADER]]
    widest = max(filled, default=0)
    if not widest:
        return None
    return next(index for index, count in enumerate(filled) if count > widest / 2)


def _rows(sheet: Any, first_row: int, header_at: int, wanted: Sequence[int]) -> Iterator[Item]:
    for offset, row in enumerate(sheet.iter_rows()):
        if offset <= header_at:
            continue
        cells = [_cell(cell) for cell in row]
        if any(cell is not None for cell in cells):
            yield Row(first_row + offset, [cells[index] if index < len(cells) else None for index in wanted])


def _cell(value: Any) -> Any:
    """Blank becomes None, whole numbers lose the ``.0`` that spreadsheets give them, dates become ISO text."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return str(value)
    return value
