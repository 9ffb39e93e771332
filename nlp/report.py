"""One self-contained page for the person who decides. Nothing is fetched, nothing in a listing can run.

The page carries its data as JSON that is only ever set as text, and a content security policy that allows exactly the
page's own script by its hash. Up to ``SHOWN`` suspects stand in the page; all of them in a CSV file beside it.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import heapq
import itertools
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.cues import CUES
from nlp.dumps import read_verdicts
from nlp.errors import OutputError
from nlp.markup import has_markup, html_to_text
from nlp.schema import verdicts_from_batch
from nlp.watchlist import rank_of
from nlp.writers import neutral, suspects_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nlp.records import Field, Verdict

__all__ = ["SHOWN", "segments", "write_report"]

SHOWN: Final = 1_500
_PAGES: Final = Path(__file__).parent / "pages"
_BARS: Final = 12
_TEXT: Final = 1_200  # characters of a description; what is cut away is named
_AROUND: Final = 200
_CSV_HEADER: Final = (
    "id",
    "score",
    "band",
    "seller",
    "brands",
    "price_usd",
    "reference_usd",
    "price_ratio",
    "reasons",
)
# Steps of the price against the genuine article's, as shares.
_RATIOS: Final = ((0.05, "under 5 %"), (0.15, "5 to 15 %"), (0.3, "15 to 30 %"), (0.5, "30 to 50 %"))
_RATIO_NAMES: Final = (*(name for _, name in _RATIOS), "over 50 %", "not known")


@dataclass(slots=True)
class _Counts:
    rows: int = 0
    bands: Counter[str] = field(default_factory=Counter)
    cues: Counter[str] = field(default_factory=Counter)
    brands: Counter[str] = field(default_factory=Counter)
    langs: Counter[str] = field(default_factory=Counter)
    sellers: Counter[str] = field(default_factory=Counter)
    ratios: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)


def write_report(verdicts: Path, output: Path) -> Path:
    """Writes the page for a verdict file to ``output`` and all suspects to ``OUTPUT.suspects.csv``; gives ``output``.

    Raises:
        DumpError: if ``verdicts`` is no verdict file.
        OutputError: if the disk refuses.
    """
    rest = output.with_suffix(".suspects.csv")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        counts, shown = _gather(verdicts, rest)
        texts = _texts(verdicts, dict(shown))
        suspects = [_suspect(verdict, texts.get(place)) for place, verdict in shown]
        page = _page(counts, suspects, rest=rest.name, source=verdicts.name)
        partial = output.with_name(f"{output.name}.partial")
        partial.write_text(page, encoding="utf-8")
        partial.replace(output)
    except OSError as error:
        raise OutputError(str(output), f"cannot be written ({error.strerror})") from error
    return output


def _gather(verdicts: Path, rest: Path) -> tuple[_Counts, list[tuple[int, Verdict]]]:
    """Counts over all verdicts, and the surest suspects with their place among the suspects; writes ``rest``."""
    counts = _Counts()
    best: list[tuple[float, int, Verdict]] = []
    partial = rest.with_name(f"{rest.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(_CSV_HEADER)
        place = 0
        for verdict in _read(verdicts):
            _count(counts, verdict)
            if not verdict.suspicious:
                continue
            table.writerow(_csv_row(verdict))
            heapq.heappush(best, (rank_of(verdict), -place, verdict))
            place += 1
            if len(best) > SHOWN:
                heapq.heappop(best)
    partial.replace(rest)
    ordered = sorted(best, key=lambda item: item[:2], reverse=True)
    return counts, [(-place, verdict) for _, place, verdict in ordered]


def segments(text: str, marks: list[tuple[int, int, str]], limit: int = _TEXT) -> list[list[str]]:
    """``text`` in pieces ``[words, class names]``, so that a page needs no offsets; a long text is cut around its marks."""
    cuts = sorted(
        {0, len(text), *(edge for start, end, _ in marks for edge in (start, end) if 0 <= edge <= len(text))}
    )
    pieces: list[list[str]] = []
    for start, end in itertools.pairwise(cuts):
        names = " ".join(dict.fromkeys(name for left, right, name in marks if left <= start and end <= right))
        words = text[start:end]
        if not names and len(text) > limit and len(words) > 2 * _AROUND:
            words = f"{words[:_AROUND]} … {words[-_AROUND:]}"
        pieces.append([_visible(words), names])
    return pieces


def _visible(text: str) -> str:
    """Direction and invisible characters shown as marks: they are often the trick itself. Tags and empty lines go."""
    if has_markup(text):
        text = html_to_text(text).text
    text = _EMPTY_LINES.sub("\n", text)
    return "".join("·" if unicodedata.category(char) == "Cf" else char for char in text)


_EMPTY_LINES: Final = re.compile(r"\n(?:[ \t\r]*\n)+")


def _read(verdicts: Path) -> Iterator[Verdict]:
    for batch in read_verdicts(verdicts):
        yield from verdicts_from_batch(batch)


def _count(counts: _Counts, verdict: Verdict) -> None:
    counts.rows += 1
    counts.bands[verdict.band] += 1
    counts.models[verdict.model] += 1
    if verdict.suspicious:
        counts.cues.update({cue.cue for cue in verdict.cues})
        counts.brands.update({brand.brand for brand in verdict.brands} or {"no brand found"})
        counts.langs[verdict.lang or "unknown"] += 1
        counts.ratios[_ratio_name(verdict.price_ratio)] += 1
        if verdict.seller:
            counts.sellers[verdict.seller] += 1


def _ratio_name(ratio: float | None) -> str:
    if ratio is None:
        return _RATIO_NAMES[-1]
    return next((name for limit, name in _RATIOS if ratio < limit), _RATIO_NAMES[-2])


def _csv_row(verdict: Verdict) -> list[Any]:
    texts = [
        verdict.id,
        verdict.seller or "",
        "; ".join(dict.fromkeys(brand.brand for brand in verdict.brands)),
    ]
    name, seller, brands = map(neutral, texts)
    prices = [verdict.price_usd, verdict.reference_usd, verdict.price_ratio]
    return [
        name,
        f"{verdict.score:.4f}",
        verdict.band,
        seller,
        brands,
        *prices,
        neutral("; ".join(verdict.reasons)),
    ]


def _texts(verdicts: Path, wanted: dict[int, Verdict]) -> dict[int, dict[str, Any]]:
    """The listings themselves by place among the suspects; ids may repeat, so a place counts only if its id agrees."""
    path = suspects_path(verdicts)
    if not path.is_file():
        return {}
    found: dict[int, dict[str, Any]] = {}
    with path.open(encoding="utf-8") as stream:
        for place, line in enumerate(stream):
            if place in wanted:
                row = json.loads(line)
                if row["id"] == wanted[place].id:
                    found[place] = row
    return found


def _page(counts: _Counts, suspects: list[dict[str, Any]], *, rest: str, source: str) -> str:
    data = {
        "source": source,
        "rest": rest,
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "rows": counts.rows,
        "bands": dict(counts.bands),
        "models": list(counts.models),
        "charts": {
            "cue": counts.cues.most_common(_BARS),
            "ratio": [[name, counts.ratios[name]] for name in _RATIO_NAMES] if counts.ratios else [],
            "brand": counts.brands.most_common(_BARS),
            "lang": counts.langs.most_common(_BARS),
            "seller": counts.sellers.most_common(_BARS),
        },
        "titles": {cue.name: cue.title for cue in CUES},
        "suspects": suspects,
    }
    script = (_PAGES / "report.js").read_text(encoding="utf-8")
    style = (_PAGES / "report.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = (_PAGES / "report.html").read_text(encoding="utf-8")
    parts = {"policy": policy, "style": style, "data": _json(data), "script": script}
    # One pass: what a listing says is never looked at for marks again.
    return _MARK.sub(lambda mark: parts[mark[1]], page)


_MARK: Final = re.compile(r"\{\{(policy|style|data|script)\}\}")


def _suspect(verdict: Verdict, text: dict[str, Any] | None) -> dict[str, Any]:
    row = text or {"title": "", "description": ""}
    return {
        "id": verdict.id,
        "score": verdict.score,
        "band": verdict.band,
        "title": segments(row["title"], _marks(verdict, "title")),
        "text": segments(row["description"], _marks(verdict, "description")) if row["description"] else [],
        "words": [] if text else [[cue.text, cue.cue] for cue in verdict.cues if cue.text],
        "cues": list(dict.fromkeys(cue.cue for cue in verdict.cues)),
        "brands": list(dict.fromkeys(brand.brand for brand in verdict.brands)),
        "contacts": [[contact.kind, contact.value] for contact in verdict.contacts],
        "seller": verdict.seller or "",
        "lang": verdict.lang or "",
        "price": verdict.price_usd,
        "reference": verdict.reference_usd,
        "ratio": verdict.price_ratio,
        "step": _ratio_name(verdict.price_ratio),
        "reasons": list(verdict.reasons),
        "url": _safe_url(row.get("url")),
        "place": f"{row['file']}:{row['line']}" if row.get("file") else "",
    }


def _marks(verdict: Verdict, where: Field) -> list[tuple[int, int, str]]:
    marks = [(cue.start, cue.end, f"cue {cue.cue}") for cue in verdict.cues if cue.field == where]
    marks += [(brand.start, brand.end, "brand") for brand in verdict.brands if brand.field == where]
    marks += [(each.start, each.end, "contact") for each in verdict.contacts if each.field == where]
    return [(start, end, name) for start, end, name in marks if start is not None and end is not None]


def _safe_url(url: Any) -> str:
    text = str(url or "")
    return text if text.startswith(("https://", "http://")) else ""


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"sha256-{digest}"


def _json(data: Any) -> str:
    """JSON that cannot leave its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
