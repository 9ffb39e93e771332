"""The tables between a verdict file and its ranked sellers.

Counting, sorting and joining are DuckDB's, in a folder that is removed in the end: what does not fit into memory waits on the
disk, so ten million verdicts need little more memory than one million. Sums are decimal, so that they do not depend on the order
in which rows were added.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from nlp.dumps import read_verdicts
from nlp.errors import DumpError, UsageError
from nlp.near import NEAR_APART, sketch_texts
from nlp.verdict_formats import shards_of
from nlp.writers import output_format, suspects_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SellerTables", "open_tables"]

_PRIOR_ROWS: Final = 5.0  # least weight of the common mean: as much as five listings
_MEMORY: Final = "512MB"  # DuckDB's share; Python, Arrow and NumPy take about 200 MB beside it
_THREADS: Final = 4
_BATCH: Final = 8_192
_TEXTS: Final = 1_024
_SAMPLE: Final = 60  # characters of a text that is shown as a reason


@contextlib.contextmanager
def open_tables(verdicts: Path, beside: Path) -> Iterator[SellerTables]:
    """The tables of a verdict file, in a folder beside ``beside`` while the block lasts.

    Raises:
        DumpError: if ``verdicts`` or the suspected listings beside it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix=f".{beside.name}.", dir=beside.parent) as work:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "threads": min(os.cpu_count() or 1, _THREADS),
            "temp_directory": str(Path(work) / "spilled"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(Path(work) / "sellers.duckdb", config=settings) as base:
            base.execute("SET enable_progress_bar = false")
            yield SellerTables(base, verdicts)


class SellerTables:
    """What is known of each seller, and who shares a contact or a text with whom; sellers are numbered by name."""

    def __init__(self, base: duckdb.DuckDBPyConnection, verdicts: Path) -> None:
        self._base = base
        _load_verdicts(base, verdicts)
        base.execute(_TALLIES)
        self.sellers: int = self._one("SELECT count(*) FROM seller")[0]
        base.execute(_CONTACT_MEMBERS)
        _load_texts(base, suspects_path(verdicts))
        base.execute(_TEXT_MEMBERS)
        for kind in ("contact", "text"):
            base.execute(_PAIRS.format(kind=kind))

    def links(self) -> Iterator[tuple[Any, ...]]:
        """Numbers and names of two sellers, kind of the link, contact's kind and value, sample of the text; sorted."""
        return self._rows(_LINKS, {"apart": NEAR_APART})

    def ranked(self, clusters: Iterator[tuple[int, int]]) -> Iterator[tuple[Any, ...]]:
        """By falling risk: sellers below, risk, contacts, name, listings, suspected, brands, cues, cluster.

        ``clusters`` are the numbers of linked sellers, each with that of the seller who gives the cluster its name.
        """
        self._base.execute("CREATE TABLE cluster (seller INTEGER, root INTEGER)")
        while held := list(islice(clusters, _BATCH)):
            numbers = np.array(held, np.int32)
            _append(self._base, "cluster", pa.table({"seller": numbers[:, 0], "root": numbers[:, 1]}))
        return self._rows(_RANKED, self._prior())

    def _prior(self) -> dict[str, float]:
        """Weight (in listings) and mean of the common prior, by the method of moments over sellers' means."""
        sellers, listings, mean = self._one(_MEAN)
        (squares,) = self._one(_SPREAD, {"mean": mean})
        spread = float(squares) / max(sellers - 1, 1)
        within = mean * (1 - mean)
        return {"weight": max(_PRIOR_ROWS, within / spread - 1 if spread > 0 else listings), "mean": mean}

    def _one(self, query: str, values: dict[str, Any] | None = None) -> tuple[Any, ...]:
        return self._base.execute(query, values or {}).fetchone() or ()

    def _rows(self, query: str, values: dict[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        result = self._base.execute(query, values or {})
        while rows := result.fetchmany(_BATCH):
            yield from rows


def _append(base: duckdb.DuckDBPyConnection, table: str, batch: pa.Table, query: str = "FROM batch") -> None:
    base.register("batch", batch)
    base.execute(f"INSERT INTO {table} {query}")
    base.unregister("batch")


def _load_verdicts(base: duckdb.DuckDBPyConnection, verdicts: Path) -> None:
    """Fills ``verdict``: by DuckDB's own readers where they find nothing amiss, else by ours, which say what is wrong."""
    base.execute(_VERDICT)
    if not all(_loaded_quickly(base, Path(shard)) for shard in shards_of(str(verdicts))):
        base.execute("DELETE FROM verdict")
        for batch in read_verdicts(verdicts):
            _append(base, "verdict", pa.Table.from_batches([batch]), _TAKEN.format(source="batch"))
    wrong = base.execute(_NO_SCORES).fetchone() or (0,)
    if wrong[0]:
        raise DumpError(
            str(verdicts),
            f"does not hold the verdicts of fauxwatch: {wrong[0]:,} scores are not between 0 and 1",
        )


def _loaded_quickly(base: duckdb.DuckDBPyConnection, verdicts: Path) -> bool:
    """Whether all rows came in; file names that DuckDB would take for a pattern, and CSV, are left to our reader."""
    try:
        kind, packing = output_format(verdicts)
    except UsageError:
        return False
    if kind == "csv" or set(str(verdicts)) & set("*?[]{}") or not verdicts.is_file():
        return False
    source = _PARQUET if kind == "parquet" else _JSON_LINES.format(packing=packing or "uncompressed")
    try:
        base.execute(f"INSERT INTO verdict {_TAKEN.format(source=source)}", {"path": str(verdicts)})
        return base.execute(_INCOMPLETE).fetchone() == (0,)
    except duckdb.Error:
        return False


def _load_texts(base: duckdb.DuckDBPyConnection, suspects: Path) -> None:
    """Fills ``sample`` and ``posting`` from the suspected listings, where the run has left them beside the verdicts."""
    base.execute(_POSTINGS)
    texts = _texts(suspects)
    while held := list(islice(texts, _TEXTS)):
        rows, sellers, listings = (list(column) for column in zip(*held, strict=True))
        sketches = sketch_texts(listings)
        samples = [" ".join(text.split())[:_SAMPLE] for text in listings]
        columns = {"row": rows, "seller": sellers, "text": samples, "sketch": sketches.letters}
        _append(base, "sample", pa.table(columns))
        at, band = np.nonzero(sketches.keys)
        keys = {"row": np.array(rows)[at], "band": band, "key": sketches.keys[at, band]}
        _append(base, "posting", pa.table(keys))


def _texts(suspects: Path) -> Iterator[tuple[int, str, str]]:
    """Number, seller and text of each suspected listing that names a seller."""
    if not suspects.is_file():
        return
    number = 0
    try:
        with suspects.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                if row.get("seller"):
                    text = f"{row['title']} {row['description']}"
                    (row["seller"] + text).encode()  # half a character is none
                    yield number, row["seller"], text
    except OSError as error:
        raise DumpError(str(suspects), f"cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DumpError(str(suspects), f"line {number} is no suspected listing: {error}") from error


_VERDICT: Final = """
CREATE TABLE verdict (
    seller VARCHAR, score FLOAT, suspicious BOOLEAN, brands VARCHAR[], cues VARCHAR[],
    contacts STRUCT(kind VARCHAR, "value" VARCHAR)[], complete BOOLEAN
)"""
_TAKEN: Final = """
SELECT nullif(seller, ''), score, coalesce(suspicious, false),
    CASE WHEN suspicious THEN list_distinct([each.brand FOR each IN brands]) END,
    CASE WHEN suspicious THEN list_distinct([each.cue FOR each IN cues]) END,
    [{{'kind': each.kind, 'value': each."value"}} FOR each IN contacts],
    id IS NOT NULL AND suspicious IS NOT NULL AND cues IS NOT NULL AND brands IS NOT NULL AND contacts IS NOT NULL
FROM {source}"""
_PARQUET: Final = "read_parquet($path)"
_JSON_LINES: Final = """
read_json($path, format = 'newline_delimited', compression = '{packing}', columns = {{
    'id': 'VARCHAR', 'seller': 'VARCHAR', 'score': 'FLOAT', 'suspicious': 'BOOLEAN',
    'brands': 'STRUCT(brand VARCHAR)[]', 'cues': 'STRUCT(cue VARCHAR)[]',
    'contacts': 'STRUCT(kind VARCHAR, "value" VARCHAR)[]'}})"""
_INCOMPLETE: Final = "SELECT count(*) FROM verdict WHERE NOT complete"
_NO_SCORES: Final = "SELECT count(*) FROM verdict WHERE (score BETWEEN 0 AND 1) IS NOT true"
_TALLIES: Final = """
CREATE TABLE seller AS
SELECT CAST(row_number() OVER (ORDER BY name) - 1 AS INTEGER) AS id, * FROM (
    SELECT seller AS name, count(*) AS listings, count(*) FILTER (suspicious) AS suspected,
        sum(CAST(score AS DECIMAL(18, 12))) AS total
    FROM verdict WHERE seller IS NOT NULL GROUP BY seller
);
CREATE TABLE named AS
SELECT seller, what, list(mark ORDER BY times DESC, mark) AS marks FROM (
    SELECT *, row_number() OVER (PARTITION BY seller, what ORDER BY times DESC, mark) AS place FROM (
        SELECT seller, what, mark, count(*) AS times FROM (
            SELECT seller, 'brand' AS what, unnest(brands) AS mark FROM verdict WHERE suspicious
            UNION ALL SELECT seller, 'cue', unnest(cues) FROM verdict WHERE suspicious
        ) WHERE seller IS NOT NULL GROUP BY ALL
    )
) WHERE place <= 5 GROUP BY ALL;
CREATE TABLE held AS
SELECT DISTINCT seller.id AS seller, each.kind, each."value" FROM (
    SELECT seller, unnest(contacts) AS each FROM verdict WHERE len(contacts) > 0
) AS given JOIN seller ON seller.name = given.seller
WHERE each.kind IS NOT NULL AND each."value" IS NOT NULL"""
# A member is a seller who shares ``key`` with others; of several reasons for one link, that of the least ``rank`` is ``shown``.
# A phone number is the same whether it is given as a phone or over WhatsApp.
_CONTACT_MEMBERS: Final = """
CREATE TABLE contact AS
SELECT row_number() OVER (ORDER BY channel, "value") AS id, channel, "value" FROM (
    SELECT DISTINCT CASE kind WHEN 'whatsapp' THEN 'phone' ELSE kind END AS channel, "value"
    FROM held WHERE kind IN (
        'phone', 'whatsapp', 'wechat', 'telegram', 'line', 'zalo', 'kakaotalk', 'instagram', 'yupoo', 'email'
    )
);
CREATE TABLE contact_member AS
SELECT DISTINCT contact.id AS key, seller, contact.id AS shown, -contact.id AS rank
FROM held JOIN contact
    ON contact.channel = CASE kind WHEN 'whatsapp' THEN 'phone' ELSE kind END AND contact."value" = held."value"
"""
_POSTINGS: Final = """
CREATE TABLE sample (row BIGINT, seller VARCHAR, text VARCHAR, sketch VARCHAR);
CREATE TABLE posting (row BIGINT, band UTINYINT, key UBIGINT)"""
_TEXT_MEMBERS: Final = """
CREATE TABLE text_member AS
SELECT key, seller, first // 16 AS shown, min(first) OVER (PARTITION BY key) AS rank FROM (
    SELECT key, seller.id AS seller, min(row * 16 + band) AS first
    FROM posting JOIN sample USING (row) JOIN seller ON seller.name = sample.seller GROUP BY ALL
)"""
# Accounts that share one contact or text are linked each with each up to 50 of them, in a row beyond.
_PAIRS: Final = """
CREATE TABLE {kind}_shared AS
SELECT * FROM (
    SELECT *, lead(seller) OVER same AS next, lead(shown) OVER same AS next_shown,
        count(*) OVER (PARTITION BY key) AS size
    FROM {kind}_member WINDOW same AS (PARTITION BY key ORDER BY seller)
) WHERE size > 1;
CREATE TABLE {kind}_pair AS
WITH few AS (SELECT * FROM {kind}_shared WHERE size <= 50)
SELECT first, second, shown, beside, min(rank) AS rank FROM (
    SELECT one.seller AS first, other.seller AS second, one.shown, other.shown AS beside, one.rank
    FROM few AS one JOIN few AS other ON one.key = other.key AND one.seller < other.seller
    UNION ALL
    SELECT seller, next, shown, next_shown, rank FROM {kind}_shared WHERE size > 50 AND next IS NOT NULL
) GROUP BY first, second, shown, beside"""
# Among very many texts some share a band by chance; those that are near agree in most of their sketches as well.
_LINKS: Final = """
SELECT first, second, one.name, other.name, kind, channel, "value", text FROM (
    SELECT first, second, 'contact' AS kind, channel, "value", NULL AS text
    FROM (SELECT first, second, arg_min(shown, rank) AS shown FROM contact_pair GROUP BY first, second)
    JOIN contact ON contact.id = shown
    UNION ALL
    SELECT first, second, 'text', NULL, NULL, text FROM (
        SELECT first, second, arg_min(shown, rank) AS shown
        FROM text_pair JOIN sample AS one ON one.row = shown JOIN sample AS other ON other.row = beside
        WHERE hamming(one.sketch, other.sketch) <= $apart GROUP BY first, second
    ) JOIN sample ON sample.row = shown
) JOIN seller AS one ON one.id = first JOIN seller AS other ON other.id = second
ORDER BY first, second, kind"""
_MEAN: Final = "SELECT count(*), sum(listings), CAST(sum(total) AS DOUBLE) / sum(listings) FROM seller"
_SPREAD: Final = """
SELECT sum(CAST(pow(CAST(total AS DOUBLE) / listings - $mean, 2) AS DECIMAL(38, 18))) FROM seller"""
_RANKED: Final = """
SELECT rank() OVER (ORDER BY risk) - 1, risk, contacts, name, listings, suspected, brand.marks, cue.marks, root
FROM (SELECT *, (CAST(total AS DOUBLE) + $weight * $mean) / (listings + $weight) AS risk FROM seller) AS risked
LEFT JOIN (
    SELECT seller, list({'kind': kind, 'value': "value"}) AS contacts FROM held GROUP BY seller
) AS given ON given.seller = id
LEFT JOIN named AS brand ON brand.seller = name AND brand.what = 'brand'
LEFT JOIN named AS cue ON cue.seller = name AND cue.what = 'cue'
LEFT JOIN (
    SELECT cluster.seller, seller.name AS root FROM cluster JOIN seller ON seller.id = cluster.root
) AS joined ON joined.seller = id
ORDER BY risk DESC, id DESC"""
