"""The set of the training benchmarks: real listings of agora_en and noble_ko against vestiaire_en and grailed_en, encoded once.

Labels come from the venue. The brand column is hidden (it stands in some venues only); noble_ko is one shop and counts as one seller.
The listings are for evaluation only and are no part of this repository.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nlp.artefact import model_path, open_artefact
from nlp.detector import Detector
from training.encoded import encode_table, reader_for
from training.groups import cluster_rows
from training.label_columns import find_layout
from training.learning import blocks_of
from training.table import load_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.encoded import Encoded
    from training.table import LabelledTable
    from training.teamhead import Blocks

SOURCES = ("agora_en", "noble_ko", "vestiaire_en", "grailed_en")
DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "listings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """The rows as tables and as the base model reads them."""

    table: LabelledTable
    encoded: Encoded
    blocks: Blocks
    clusters: NDArray[np.int64]
    model: str


def write_dump(data: Path, target: Path, rows: int | None = None) -> Path:
    """The four sources as one labelled dump; ``rows``: at most so many of each, evenly taken."""
    with target.open("w", encoding="utf-8") as stream:
        for name in SOURCES:
            lines = (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
            for line in lines[:: max(1, -(-len(lines) // rows)) if rows else 1]:
                row = json.loads(line)
                kept = {
                    key: row[key]
                    for key in ("id", "title", "description", "price", "currency", "seller", "category")
                }
                kept["seller"] = kept["seller"] or ("noble" if name == "noble_ko" else None)
                kept["counterfeit"] = int(row["venue_label"] == "counterfeit")
                stream.write(json.dumps(kept, ensure_ascii=False) + "\n")
    return target


def load_set(data: Path, *, model: str = "bundled", rows: int | None = None, work: Path | None = None) -> Set:
    """The set as ``model`` reads it; with ``work`` the readings are kept and used again for the same model."""
    folder = work or Path(tempfile.mkdtemp())
    artefact = open_artefact(model_path(model))
    folder = folder / f"{artefact.fingerprint[:12]}-{rows or 'all'}"
    folder.mkdir(parents=True, exist_ok=True)
    dump = write_dump(data, folder / "four.jsonl", rows)
    table = load_table([dump], find_layout([dump]), folder / "data").table
    encoded = encode_table(table, Detector.load(model, reader=reader_for(table)), folder / "encoded")
    clusters = cluster_rows(table)
    return Set(
        table=table,
        encoded=encoded,
        blocks=blocks_of(encoded, clusters, cluster_rows(table, sellers=False)),
        clusters=clusters,
        model=artefact.identity,
    )
