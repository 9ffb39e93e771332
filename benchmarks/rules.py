"""How well the rules read labelled listings: cue phrases and contacts against the marked spans.

``python benchmarks/rules.py [FOLDER] [--errors LANG] [-o rules.json]``

FOLDER holds ``LANG.jsonl`` as in ``training/corpus`` (the default) or ``LANG*.txt`` in the authoring format. Printed for
each language: precision and recall of phrase hits by cue (overlap with a marked span of the cue; weak hits, under
``--weight``, left out), and of contacts by digits or handle. ``--errors LANG`` lists what was missed and what was wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from nlp.cues import CUE_NAMES
from nlp.entities.contacts import find_contacts
from nlp.phrases import Lexicon
from training.markup import read_markup

CORPUS = Path(__file__).resolve().parent.parent / "training" / "corpus"
FIELDS = ("title", "description")
SHOWN = [cue for cue in CUE_NAMES if cue not in ("price_too_low", "brand_obfuscation")]


def read_folder(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Labelled rows by language."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        rows[path.stem.split("-")[0]] += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for path in sorted(folder.glob("??*.txt")):
        lang = path.stem.split("-")[0]
        rows[lang] += read_markup(path.read_text("utf-8"), lang)[0]
    return rows


def score(rows: list[dict[str, Any]], lexicon: Lexicon, least: float) -> tuple[Counter[str], list[str]]:
    """Counts ``cue:hit|right|marked|found`` and the errors, one line each."""
    counts: Counter[str] = Counter()
    errors: list[str] = []
    for row in rows:
        for field in FIELDS:
            _score_cues(row, field, lexicon, least, counts, errors)
            _score_contacts(row, field, counts, errors)
        strong = [
            hit for field in FIELDS for hit in lexicon.find(row[field]) if hit.cue == "replica_claim" and hit.weight >= 0.8
        ]
        counts[f"strong:{'yes' if row['counterfeit'] else 'no'}"] += bool(strong)
        counts["rows:yes" if row["counterfeit"] else "rows:no"] += 1
        if strong and not row["counterfeit"]:
            errors.append(f"STRONG {row['id']} {[hit.phrase for hit in strong]} {row['title']} | {row['description']}")
    return counts, errors


def _score_cues(
    row: dict[str, Any], field: str, lexicon: Lexicon, least: float, counts: Counter[str], errors: list[str]
) -> None:
    text = row[field]
    hits = [hit for hit in lexicon.find(text) if hit.cue and hit.weight >= least]
    marks = [cue for cue in row["cues"] if cue["field"] == field]
    for hit in hits:
        right = any(cue["cue"] == hit.cue and _overlap(cue, hit.start, hit.end) for cue in marks)
        counts[f"{hit.cue}:hit"] += 1
        counts[f"{hit.cue}:right"] += right
        if not right:
            errors.append(f"WRONG {row['id']} {hit.cue} {hit.phrase!r}({hit.lang},{hit.cls}) {_around(text, hit.start, hit.end)}")
    for cue in marks:
        found = any(hit.cue == cue["cue"] and _overlap(cue, hit.start, hit.end) for hit in hits)
        counts[f"{cue['cue']}:marked"] += 1
        counts[f"{cue['cue']}:found"] += found
        if not found:
            errors.append(f"MISSED {row['id']} {cue['cue']} {_around(text, cue['start'], cue['end'])}")


def _score_contacts(row: dict[str, Any], field: str, counts: Counter[str], errors: list[str]) -> None:
    text = row[field]
    found = find_contacts(text)
    marks = [contact for contact in row["contacts"] if contact["field"] == field]
    for match in found:
        right = [mark for mark in marks if _overlap(mark, match.start, match.end)]
        counts["contact:hit"] += 1
        counts["contact:right"] += bool(right)
        if not right:
            errors.append(f"CONTACT WRONG {row['id']} {match.kind} {match.value} {_around(text, match.start, match.end)}")
    for mark in marks:
        same = [match for match in found if _overlap(mark, match.start, match.end)]
        whole = [match for match in same if _same_value(match.value, mark["text"])]
        counts["contact:marked"] += 1
        counts["contact:found"] += bool(whole)
        counts["contact:kind"] += any(match.kind == mark["kind"] for match in whole)
        if not whole:
            shown = [(match.kind, match.value) for match in same]
            errors.append(f"CONTACT MISSED {row['id']} {mark['kind']} {_around(text, mark['start'], mark['end'])} {shown}")
        elif not any(match.kind == mark["kind"] for match in whole):
            errors.append(f"CONTACT KIND {row['id']} {mark['kind']} not {whole[0].kind} {_around(text, mark['start'], mark['end'])}")


def _same_value(value: str, marked: str) -> bool:
    """Whether the marked text is covered: its plain digits end the value, or its letters are in it."""
    digits = re.sub(r"\D", "", marked)
    if len(digits) >= 6:
        return value.endswith(digits[-6:]) or digits[-6:] in re.sub(r"\D", "", value)
    letters = re.sub(r"[\W_]", "", marked).lower()
    mine = re.sub(r"[\W_]", "", value)
    return mine in letters or letters in mine or bool(re.search(r"\d{6}", value))


def _overlap(span: dict[str, Any], start: int, end: int) -> bool:
    return bool(span["start"] < end and start < span["end"])


def _around(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 40) : start]}[{text[start:end]}]{text[end : end + 40]}".replace("\n", "\\n")


def _ratio(part: int, whole: int) -> str:
    return f"{100 * part / whole:3.0f}" if whole else "  -"


def table(results: dict[str, Counter[str]]) -> str:
    """Precision/recall in percent for each language and all together."""
    heads = ["lang", "rows", *(cue[:12] for cue in SHOWN), "contact", "kind", "strong yes/no"]
    lines = ["  ".join(f"{head:>13}" for head in heads)]
    for lang, counts in [*sorted(results.items()), ("all", sum(results.values(), Counter()))]:
        cells = [lang, str(counts["rows:yes"] + counts["rows:no"])]
        for name in [*SHOWN, "contact"]:
            cells.append(
                f"{_ratio(counts[f'{name}:right'], counts[f'{name}:hit'])}/"
                f"{_ratio(counts[f'{name}:found'], counts[f'{name}:marked'])} ({counts[f'{name}:marked']})"
            )
        cells.append(_ratio(counts["contact:kind"], counts["contact:found"]))
        cells.append(
            f"{_ratio(counts['strong:yes'], counts['rows:yes'])}/{_ratio(counts['strong:no'], counts['rows:no'])}"
        )
        lines.append("  ".join(f"{cell:>13}" for cell in cells))
    return "\n".join(lines)


def main() -> int:
    """Print the table; with ``-o`` write the counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--weight", type=float, default=0.0, help="leave out hits under this weight")
    parser.add_argument("--errors", metavar="LANG", help="list the errors of one language")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    rows = read_folder(options.folder)
    if not rows:
        print(f"{options.folder}: no LANG.jsonl and no LANG.txt here", file=sys.stderr)
        return 2
    lexicon = Lexicon.load()
    results = {}
    begun = time.perf_counter()
    for lang, listings in rows.items():
        results[lang], errors = score(listings, lexicon, options.weight)
        if options.errors == lang:
            print("\n".join(errors))
    print(table(results))
    print(f"{sum(map(len, rows.values()))} listings in {time.perf_counter() - begun:.1f} s; precision/recall in % (marked)")
    if options.output:
        options.output.write_text(json.dumps({lang: dict(counts) for lang, counts in results.items()}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
