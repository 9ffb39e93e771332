"""Who offers the suspects: a ranking of sellers, and links between accounts with the reason on each.

A seller's risk is the mean score of his listings, shrunk towards the mean of all sellers (empirical Bayes, Morris, JASA 1983), so
that one listing does not condemn. Contacts are shown as keyed hashes unless they are asked for.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import itertools
import json
import os
import secrets
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.dumps import read_verdicts
from nlp.errors import OutputError, UsageError
from nlp.near import near_keys
from nlp.schema import verdicts_from_batch
from nlp.writers import neutral, suspects_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nlp.records import Verdict

__all__ = ["Link", "Seller", "link_accounts", "rank_sellers", "write_sellers"]

_KEY_VARIABLE: Final = "FAUXWATCH_CONTACT_KEY"
_PRIOR_ROWS: Final = 5.0  # least weight of the common mean: as much as five listings
_MOST: Final = 5
_MANY: Final = 50  # accounts that share one contact or text are linked in a ring, not each with each
_LINKING: Final = frozenset(
    {"phone", "whatsapp", "wechat", "telegram", "line", "zalo", "kakaotalk", "instagram", "yupoo", "email"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A seller's place among all: ``percentile`` 100 is the highest risk. ``cluster`` names accounts that are linked."""

    seller: str
    percentile: float
    risk: float
    listings: int
    suspected: int
    brands: tuple[str, ...]
    cues: tuple[str, ...]
    contacts: tuple[str, ...]
    cluster: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two accounts and why they are thought to belong together."""

    first: str
    second: str
    kind: str
    reason: str


@dataclass(slots=True)
class _Tally:
    listings: int = 0
    suspected: int = 0
    total: float = 0.0
    brands: Counter[str] = field(default_factory=Counter)
    cues: Counter[str] = field(default_factory=Counter)
    contacts: set[tuple[str, str]] = field(default_factory=set)


def write_sellers(
    verdicts: Path, output: Path, *, links: Path | None = None, clear_contacts: bool = False
) -> tuple[Path, int, int]:
    """Ranks the sellers of a verdict file into ``output`` (.jsonl, .csv, .parquet) and their links into ``links``.

    Returns:
        The path, the number of sellers and the number of links.

    Raises:
        UsageError: if no verdict names a seller, or the ending of ``output`` is not known.
    """
    show = _plain_contact if clear_contacts else _hasher()
    tallies = _tally(verdict for batch in read_verdicts(verdicts) for verdict in verdicts_from_batch(batch))
    if not tallies:
        raise UsageError(
            f"{verdicts}: no verdict names a seller; map the dump's seller column with --map seller=NAME"
        )
    found = link_accounts({name: tally.contacts for name, tally in tallies.items()}, _texts(verdicts), show)
    ranked = rank_sellers(tallies, found, show)
    _write(output, [asdict(seller) for seller in ranked])
    _write(links or Path(f"{output}.links.jsonl"), [asdict(link) for link in found])
    return output, len(ranked), len(found)


def rank_sellers(
    tallies: dict[str, _Tally], links: Iterable[Link], show: Callable[[tuple[str, str]], str]
) -> list[Seller]:
    """Sellers by falling risk."""
    clusters = _clusters(links)
    weight, mean = _prior(list(tallies.values()))
    risks = {
        name: (tally.total + weight * mean) / (tally.listings + weight) for name, tally in tallies.items()
    }
    order = sorted(risks, key=lambda name: (risks[name], name))
    below = {risk: at for at, risk in reversed(list(enumerate(sorted(risks.values()))))}
    return [
        Seller(
            seller=name,
            percentile=round(100 * below[risks[name]] / max(len(order) - 1, 1), 1),
            risk=round(risks[name], 4),
            listings=tallies[name].listings,
            suspected=tallies[name].suspected,
            brands=_top(tallies[name].brands),
            cues=_top(tallies[name].cues),
            contacts=tuple(sorted(map(show, tallies[name].contacts))),
            cluster=clusters.get(name),
        )
        for name in reversed(order)
    ]


def link_accounts(
    contacts: dict[str, set[tuple[str, str]]],
    texts: Iterable[tuple[str, str]],
    show: Callable[[tuple[str, str]], str],
) -> list[Link]:
    """Links between sellers who share a contact, or whose suspected listings have near-identical texts."""
    by_contact: dict[tuple[str, str], set[str]] = defaultdict(set)
    for seller, values in contacts.items():
        for kind, value in values:
            if kind in _LINKING:
                by_contact[_channel(kind), value].add(seller)
    links = {
        (first, second, "contact"): f"both give {show(contact)}"
        for contact, sellers in sorted(by_contact.items())
        for first, second in _couples(sellers)
    }
    by_text: dict[tuple[int, ...], dict[str, str]] = defaultdict(dict)
    for seller, text in texts:
        for key in near_keys(text):
            by_text[key].setdefault(seller, text)
    for sellers_texts in by_text.values():
        for first, second in _couples(set(sellers_texts)):
            sample = " ".join(sellers_texts[first].split())[:60]
            links.setdefault((first, second, "text"), f"near-identical texts: “{sample}…”")
    return [
        Link(first=first, second=second, kind=kind, reason=why)
        for (first, second, kind), why in sorted(links.items())
    ]


def _tally(verdicts: Iterable[Verdict]) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for verdict in verdicts:
        if not verdict.seller:
            continue
        tally = tallies[verdict.seller]
        tally.listings += 1
        tally.total += verdict.score
        tally.contacts |= {(contact.kind, contact.value) for contact in verdict.contacts}
        if verdict.suspicious:
            tally.suspected += 1
            tally.brands.update({brand.brand for brand in verdict.brands})
            tally.cues.update({cue.cue for cue in verdict.cues})
    return dict(tallies)


def _prior(tallies: list[_Tally]) -> tuple[float, float]:
    """Weight (in listings) and mean of the common prior, by the method of moments over sellers' means."""
    listings = sum(tally.listings for tally in tallies)
    mean = sum(tally.total for tally in tallies) / listings
    means = [tally.total / tally.listings for tally in tallies]
    spread = sum((each - mean) ** 2 for each in means) / max(len(means) - 1, 1)
    within = mean * (1 - mean)
    return max(_PRIOR_ROWS, within / spread - 1 if spread > 0 else listings), mean


def _texts(verdicts: Path) -> Iterator[tuple[str, str]]:
    """Seller and text of the suspected listings, where the run has left them beside the verdicts."""
    path = suspects_path(verdicts)
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            if row.get("seller"):
                yield row["seller"], f"{row['title']} {row['description']}"


def _channel(kind: str) -> str:
    """A phone number is the same whether it is given as a phone or over WhatsApp."""
    return "phone" if kind == "whatsapp" else kind


def _couples(sellers: set[str]) -> Iterator[tuple[str, str]]:
    names = sorted(sellers)
    if len(names) > _MANY:
        yield from itertools.pairwise(names)
        return
    yield from ((first, second) for at, first in enumerate(names) for second in names[at + 1 :])


def _clusters(links: Iterable[Link]) -> dict[str, str]:
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for link in links:
        first, second = sorted((root(link.first), root(link.second)))
        parent[second] = first
    return {name: root(name) for name in parent}


def _top(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST])


def _plain_contact(contact: tuple[str, str]) -> str:
    return ":".join(contact)


def _hasher() -> Callable[[tuple[str, str]], str]:
    """Keyed, so that nobody can try all phone numbers; set the key's variable to compare reports with each other."""
    key = os.environ.get(_KEY_VARIABLE, "").encode() or secrets.token_bytes(32)

    def hashed(contact: tuple[str, str]) -> str:
        return f"{contact[0]}:#{hmac.new(key, contact[1].encode(), hashlib.sha256).hexdigest()[:12]}"

    return hashed


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.suffix not in (".jsonl", ".csv", ".parquet"):
        raise UsageError(f"{path}: sellers and links are written as .jsonl, .csv or .parquet")
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            _write_parquet(partial, rows)
        else:
            with partial.open("w", encoding="utf-8", newline="") as stream:
                if path.suffix == ".jsonl":
                    stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                else:
                    _write_csv(stream, rows)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(str(path), f"cannot be written ({error.strerror})") from error


def _write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)


def _write_csv(stream: Any, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0]) if rows else ["seller"]
    writer = csv.writer(stream)
    writer.writerow(names)
    for row in rows:
        cells = ["; ".join(value) if isinstance(value, tuple) else value for value in row.values()]
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in cells])
