"""The same records as Arrow schemas: the one place where a column is named.

``LISTING`` is what :mod:`nlp.dumps` reads into, ``VERDICT`` what the detector gives. A listing batch may carry
further columns (``file``, ``line``: where a row stood); they are ignored by the detector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from nlp.records import Brand, Contact, Cue, Listing, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "LISTING",
    "LISTING_COLUMNS",
    "VERDICT",
    "VERDICT_COLUMNS",
    "listings_from_batch",
    "listings_to_batch",
    "verdicts_from_batch",
    "verdicts_to_batch",
]

LISTING: Final[pa.Schema] = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("title", pa.string()),
        pa.field("description", pa.string()),
        pa.field("price", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("seller", pa.string()),
        pa.field("category", pa.string()),
        pa.field("url", pa.string()),
    ]
)
_SPAN = [
    pa.field("text", pa.string()),
    pa.field("field", pa.string()),
    pa.field("start", pa.int32()),
    pa.field("end", pa.int32()),
]
VERDICT: Final[pa.Schema] = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("score", pa.float32()),
        pa.field("suspicious", pa.bool_()),
        pa.field("band", pa.string()),
        pa.field(
            "cues",
            pa.list_(pa.struct([pa.field("cue", pa.string()), pa.field("score", pa.float32()), *_SPAN])),
        ),
        pa.field(
            "brands",
            pa.list_(pa.struct([pa.field("brand", pa.string()), *_SPAN, pa.field("how", pa.string())])),
        ),
        pa.field(
            "contacts",
            pa.list_(pa.struct([pa.field("kind", pa.string()), pa.field("value", pa.string()), *_SPAN[1:]])),
        ),
        pa.field("seller", pa.string()),
        pa.field("lang", pa.string()),
        pa.field("price_usd", pa.float64()),
        pa.field("reference_usd", pa.float64()),
        pa.field("price_ratio", pa.float64()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("model", pa.string()),
    ]
)
LISTING_COLUMNS: Final[tuple[str, ...]] = tuple(LISTING.names)
VERDICT_COLUMNS: Final[tuple[str, ...]] = tuple(VERDICT.names)
_NESTED: Final = {"cues": Cue, "brands": Brand, "contacts": Contact}


def listings_to_batch(listings: Iterable[Listing]) -> pa.RecordBatch:
    """A batch with the columns of ``LISTING``, one row a listing, in order."""
    rows = list(listings)
    return pa.RecordBatch.from_arrays(
        [pa.array([getattr(row, field.name) for row in rows], field.type) for field in LISTING],
        schema=LISTING,
    )


def listings_from_batch(batch: pa.RecordBatch) -> list[Listing]:
    """The listings of a batch; a column that is absent gives the record's default, null text becomes ''."""
    present = [name for name in LISTING_COLUMNS if name in batch.schema.names]
    columns = [batch.column(name).to_pylist() for name in present]
    return [_listing(dict(zip(present, values, strict=True))) for values in zip(*columns, strict=True)]


def verdicts_to_batch(verdicts: Sequence[Verdict]) -> pa.RecordBatch:
    """A batch with the columns of ``VERDICT``, one row a verdict, in order."""
    return pa.RecordBatch.from_arrays(
        [pa.array([_cell(row, field.name) for row in verdicts], field.type) for field in VERDICT],
        schema=VERDICT,
    )


def verdicts_from_batch(batch: pa.RecordBatch) -> list[Verdict]:
    """The verdicts of a batch that has (at least) the columns of ``VERDICT``."""
    rows = batch.select(list(VERDICT_COLUMNS)).to_pylist()
    return [_verdict(row) for row in rows]


def _listing(values: dict[str, Any]) -> Listing:
    for name in ("id", "title", "description"):
        values[name] = values.get(name) or ""
    return Listing(**values)


def _cell(verdict: Verdict, name: str) -> Any:
    value = getattr(verdict, name)
    if name not in _NESTED:
        return value
    return [{key: getattr(item, key) for key in item.__dataclass_fields__} for item in value]


def _verdict(row: dict[str, Any]) -> Verdict:
    nested = {name: tuple(record(**item) for item in row[name] or ()) for name, record in _NESTED.items()}
    return Verdict(**{**row, **nested, "reasons": tuple(row["reasons"] or ())})
