"""Multiplies the corpus: rewrites that keep the label, and insertions that flip it, from seeds that a person can read.

Versioned by ``GENERATOR_VERSION``, the corpus and a seed: the same three give the same listings, so none is committed. Every
rewrite is applied to both labels alike (form must not tell the label); only the words inserted decide.
"""

from __future__ import annotations

import csv
import random
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import nlp
from training.disguise import disguise
from training.rewriting import Draft, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from training.data import Example

__all__ = ["GENERATOR_VERSION", "Pools", "generate"]

GENERATOR_VERSION: Final = 1
_LEXICON: Final = Path(nlp.__file__).parent / "lexicon" / "cues.tsv"
_SENTENCE: Final = re.compile(r"[^.!?。！？\n]{12,160}[.!?。！？\n]")
_EMOJI: Final = "🔥 ✨ ❤️ 👜 👟 ⌚ 📦 🚚 💯 ✅ ⭐ 👍 🎁 😍 ❗ 📩 🛍️".split()  # noqa: SIM905 - a list to read
_STRONG: Final = 0.75
_FLIP_SHARE: Final = 0.3


@dataclass(slots=True)
class Pools:
    """What may be put into a listing of a language: phrases by cue, look-alikes and denials, plain sentences, brands."""

    phrases: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    honest: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sentences: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    brands: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, examples: Sequence[Example], *, held_out: frozenset[str] = frozenset()) -> Pools:
        """Pools from training examples and from the lexicon; phrases in ``held_out`` are left out."""
        pools = cls()
        for example in examples:
            pools._take(example)
        with _LEXICON.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["phrase"].casefold() in held_out or not row["phrase"][:1].strip():
                    continue
                if row["class"].startswith("neg_"):
                    pools.honest[row["lang"]].append(row["phrase"])
                elif row["cue"] and float(row["weight"] or 0) >= _STRONG:
                    pools.phrases[row["lang"], row["cue"]].append(row["phrase"])
        return pools

    def _take(self, example: Example) -> None:
        lang = example.lang or "en"
        draft = Draft.of(example)
        for mark in draft.marks:
            words = draft.text_of(mark)
            if mark.kind == "brand":
                self.brands[lang].append((mark.name, words))
            elif (
                example.counterfeit
                and 3 < len(words) < 60
                and mark.name not in ("price_too_low", "brand_obfuscation")
            ):
                self.phrases[lang, mark.name].append(words)
        if not example.counterfeit and not example.pair:
            self.sentences[lang] += _plain_sentences(draft)


def generate(examples: Sequence[Example], pools: Pools, *, count: int, seed: int = 1) -> Iterator[Example]:
    """``count`` listings rewritten from ``examples``, by turns from every language; both sides of a flip come in a row."""
    by_lang: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_lang[example.lang or "en"].append(example)
    langs = sorted(by_lang)
    made = turn = 0
    while made < count:
        rng = random.Random(f"{GENERATOR_VERSION}:{seed}:{turn}")
        source = rng.choice(by_lang[langs[turn % len(langs)]])
        for example in _rewrite(source, pools, rng, f"gen-{seed}-{turn}"):
            made += 1
            yield example
            if made == count:
                return
        turn += 1


def _rewrite(source: Example, pools: Pools, rng: random.Random, name: str) -> list[Example]:
    clean = not source.counterfeit and not source.spans and source.brands
    if clean and rng.random() < _FLIP_SHARE:
        return _flip(source, pools, rng, name)
    draft = Draft.of(source)
    _vary(draft, pools, rng)
    return [draft.finish(name, None)]


def _flip(source: Example, pools: Pools, rng: random.Random, name: str) -> list[Example]:
    """An honest listing twice: with a strong phrase (now an offer of a copy), and with a denial, look-alike or nothing."""
    lang = source.lang or "en"
    cue = rng.choice(["replica_claim", "replica_claim", "replica_claim", "provenance_evasion"])
    strong, honest = pools.phrases.get((lang, cue)), pools.honest.get(lang) or [""]
    if not strong:
        return []
    field, where = _place(source, rng)
    guilty, innocent = Draft.of(source), Draft.of(source)
    guilty.counterfeit = True
    guilty.add(field, where, rng.choice(strong), cue)
    innocent.add(field, where, rng.choice(honest), None)
    style = rng.random()
    for draft in (guilty, innocent):
        _vary_form(draft, random.Random(f"{name}:{style}"))
    return [guilty.finish(f"{name}a", name), innocent.finish(f"{name}b", name)]


def _place(source: Example, rng: random.Random) -> tuple[str, int]:
    field = "description" if source.listing.description and rng.random() < 0.6 else "title"
    text = source.listing.title if field == "title" else source.listing.description
    taken = [(start, end) for where, start, end, _ in source.brands if where == field]
    gaps = [0, len(text), *(match.start() for match in re.finditer(r"\s", text))]
    free = [at for at in gaps if not any(start < at < end for start, end in taken)]
    return field, rng.choice(free)


def _vary(draft: Draft, pools: Pools, rng: random.Random) -> None:
    lang = draft.example.lang or "en"
    steps: list[tuple[float, Callable[[], None]]] = [
        (0.35, lambda: _swap_brands(draft, pools.brands[lang], rng)),
        (0.35, lambda: _swap_phrases(draft, pools, lang, rng)),
        (0.30, lambda: _add_sentences(draft, pools.sentences[lang], rng)),
        (0.20, lambda: _disguise_brand(draft, rng)),
        (0.12, lambda: _disguise_phrase(draft, rng)),
        (0.20, lambda: _move_price(draft, rng)),
    ]
    for chance, step in steps:
        if rng.random() < chance:
            step()
    _vary_form(draft, rng)


def _swap_brands(draft: Draft, brands: list[tuple[str, str]], rng: random.Random) -> None:
    swapped: dict[str, tuple[str, str]] = {}
    for mark in _from_the_end(draft, "brand"):
        if draft.text_of(mark).casefold() != mark.name.casefold() or not brands:
            continue  # an alias or a disguise belongs to its brand
        name, words = swapped.setdefault(mark.name, rng.choice(brands))
        draft.put(mark.field, mark.start, mark.end, words)
        for each in draft.marks:
            if each.kind == "brand" and (each.field, each.start) == (mark.field, mark.start):
                each.name = name


def _swap_phrases(draft: Draft, pools: Pools, lang: str, rng: random.Random) -> None:
    for mark in _from_the_end(draft, "cue"):
        choices = pools.phrases.get((lang, mark.name))
        swappable = mark.name in ("replica_claim", "authenticity_overclaim") and mark in draft.marks
        if choices and swappable and not _holds_others(draft, mark):
            draft.put(mark.field, mark.start, mark.end, rng.choice(choices))


def _from_the_end(draft: Draft, kind: str) -> list[Mark]:
    """Marks of a kind, last first: rewriting one does not move those that are still to come."""
    return sorted((mark for mark in draft.marks if mark.kind == kind), key=lambda mark: -mark.start)


def _holds_others(draft: Draft, mark: Mark) -> bool:
    return any(
        other is not mark and other.field == mark.field and mark.start <= other.start < mark.end
        for other in draft.marks
    )


def _add_sentences(draft: Draft, sentences: list[str], rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        if sentences:
            at = rng.choice([0, len(draft.texts["description"])])
            draft.add("description", at, rng.choice(sentences), None)


def _disguise_brand(draft: Draft, rng: random.Random) -> None:
    """Honest sellers dodge filters too, but rarely: the cue is marked on both sides."""
    brands = [mark for mark in draft.marks if mark.kind == "brand" and draft.text_of(mark).isascii()]
    if brands and (draft.counterfeit or rng.random() < 0.15):
        _apply_disguise(draft, rng.choice(brands), rng, cue="brand_obfuscation")


def _disguise_phrase(draft: Draft, rng: random.Random) -> None:
    phrases = [
        mark
        for mark in draft.marks
        if mark.kind == "cue" and mark.name == "replica_claim" and len(draft.text_of(mark)) < 30
    ]
    if phrases:
        _apply_disguise(draft, rng.choice(phrases), rng, cue=None)


def _apply_disguise(draft: Draft, mark: Mark, rng: random.Random, *, cue: str | None) -> None:
    new = disguise(draft.text_of(mark), rng)
    field, start = mark.field, mark.start
    draft.put(field, start, mark.end, new)
    if cue:
        draft.marks.append(Mark("cue", cue, field, start, start + len(new)))


def _move_price(draft: Draft, rng: random.Random) -> None:
    if draft.price and "price_too_low" not in draft.loose:
        draft.price = None if rng.random() < 0.5 else round(draft.price * rng.uniform(0.85, 1.15), 2)


def _vary_form(draft: Draft, rng: random.Random) -> None:
    if rng.random() < 0.12:
        _recase(draft, str.upper if rng.random() < 0.4 else str.lower)
    if rng.random() < 0.12:
        _recase(draft, _without_accents)
    if rng.random() < 0.2:
        draft.add("title", rng.choice([0, len(draft.texts["title"])]), rng.choice(_EMOJI), None)


def _recase(draft: Draft, change: Callable[[str], str]) -> None:
    for name, text in draft.texts.items():
        changed = change(text)
        if len(changed) == len(text):  # else offsets would move ('ß')
            draft.texts[name] = changed


def _without_accents(text: str) -> str:
    def bare(char: str) -> str:
        parts = unicodedata.normalize("NFD", char)
        return parts[0] if parts[0].isascii() and parts[0].isalpha() else char

    return "".join(map(bare, text))


def _plain_sentences(draft: Draft) -> list[str]:
    text = draft.texts["description"]
    taken = [(mark.start, mark.end) for mark in draft.marks if mark.field == "description"]
    return [
        match.group().strip()
        for match in _SENTENCE.finditer(text)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]
