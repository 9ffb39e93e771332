"""Brand recognition against the brand column of real listings, the column hidden: precision and recall with intervals.

    python benchmarks/brands.py [--data ../shared/data/listings] [--show 20]

A listing's brands are those that the finder takes as offered in title and description. They are right when the column's
brand is among them: a listing of "Air Jordan 1 by Nike" with the column "Nike" counts as one right answer, and each
further brand of another house as a wrong one. Rows without a column brand are left out. Prints a table and writes
``benchmarks/results/brands.json``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.entities.brands import BrandFinder

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES: Final = ("vestiaire_en", "noble_ko", "litrepstar_en")
RESULTS: Final = Path(__file__).parent / "results" / "brands.json"


@dataclass(slots=True, kw_only=True)
class Count:
    """Brands found rightly and wrongly and not found, over ``rows`` listings; the misses for ``--show``."""

    rows: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    unknown: int = 0
    examples: list[str] = field(default_factory=list)


def main() -> int:
    """Measures each file that is there; 2 if none is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "listings"
    )
    parser.add_argument("--show", type=int, default=0, help="print this many wrong rows of each file")
    options = parser.parse_args()
    finder = BrandFinder.load()
    results: dict[str, Any] = {}
    for name in FILES:
        path = options.data / f"{name}.jsonl"
        if not path.exists():
            print(f"{name}: skipped, {path} is not there", file=sys.stderr)
            continue
        count = measure(finder, rows_of(path))
        results[name] = summary(count)
        print(line_of(name, results[name]))
        print(*count.examples[: options.show], sep="\n", end="\n" if options.show else "")
    if not results:
        return 2
    results["speed"] = speed(finder, options.data)
    print(
        f"speed: {results['speed']['listings_per_second']:.0f} listings/s, {results['speed']['characters']:.0f} characters each"
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows that have a brand in their column."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["brand"]:
                yield row


def measure(finder: BrandFinder, rows: Iterator[dict[str, Any]]) -> Count:
    """Compares what title and description say with the column."""
    count = Count()
    for row in rows:
        count.rows += 1
        column = column_brands(finder, row["brand"])
        count.unknown += not column
        found = {
            match.brand
            for text in (row["title"], row["description"])
            for match in finder.find(text)
            if match.offered
        }
        hit = found & column
        count.right += bool(hit)
        count.missed += not hit
        count.wrong += len(found - column)
        if not hit or found - column:
            wrong = [
                match.text
                for text in (row["title"], row["description"])
                for match in finder.find(text)
                if match.brand not in column
            ]
            count.examples.append(f"  {row['brand']!r} {sorted(found)} {wrong} {row['title'][:80]!r}")
    return count


def column_brands(finder: BrandFinder, column: str) -> set[str]:
    """The lexicon's names in a column; several for a collaboration ("Yeezy x Adidas")."""
    names = {match.brand for match in finder.find(column)}
    whole = finder.canonical(column)
    return names | {whole} if whole else names


def summary(count: Count) -> dict[str, Any]:
    """Figures with Wilson intervals at 95 %."""
    return {
        "rows": count.rows,
        "column_not_in_lexicon": count.unknown,
        "precision": interval(count.right, count.right + count.wrong),
        "recall": interval(count.right, count.right + count.missed),
    }


def interval(hits: int, n: int, z: float = 1.96) -> dict[str, float]:
    """Share of ``hits`` in ``n`` with its Wilson score interval."""
    if not n:
        return {"n": 0, "value": 0.0, "low": 0.0, "high": 0.0}
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return {"n": n, "value": round(share, 4), "low": round(middle - half, 4), "high": round(middle + half, 4)}


def line_of(name: str, result: dict[str, Any]) -> str:
    """One line of the table."""
    cells = [
        f"{kind} {result[kind]['value']:.3f} [{result[kind]['low']:.3f}, {result[kind]['high']:.3f}] n={result[kind]['n']}"
        for kind in ("precision", "recall")
    ]
    return f"{name:16}{result['rows']:6} rows, {result['column_not_in_lexicon']} with a brand we do not list  {'  '.join(cells)}"


def speed(finder: BrandFinder, data: Path) -> dict[str, float]:
    """Listings a second of processor time over titles and descriptions cut to 200 characters, one thread."""
    texts = [
        f"{row['title']} {row['description']}"[:200]
        for name in FILES
        if (data / f"{name}.jsonl").exists()
        for row in rows_of(data / f"{name}.jsonl")
    ]
    start = time.process_time()
    for text in texts:
        finder.find(text)
    seconds = time.process_time() - start
    return {
        "listings_per_second": round(len(texts) / seconds, 1),
        "characters": sum(map(len, texts)) / len(texts),
    }


if __name__ == "__main__":
    raise SystemExit(main())
