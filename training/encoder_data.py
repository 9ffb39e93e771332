"""What the student reads: pairs, English sentences, brand aliases and emoji, as token rows with a target each."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.parallel import (
    LANGUAGES,
    Pair,
    emoji_names,
    read_brand_pairs,
    read_glossary,
    read_pairs,
    read_sentences,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Phrases in every language, each with the row of ``english`` whose meaning it must share."""

    english: tuple[str, ...]
    langs: tuple[str, ...]
    texts: tuple[str, ...]
    rows: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRows:
    """Token ids of all phrases, end to end: phrase ``i`` is ``ids[starts[i]:starts[i + 1]]``."""

    ids: np.ndarray
    starts: np.ndarray
    langs: np.ndarray
    targets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each phrase."""
        return np.diff(self.starts)


def collect_phrases(corpora: Path, lexicon: Path | None, *, joined: int = 0) -> Phrases:
    """All pairs, both sides, with English sentences, emoji and (from ``lexicon``) the aliases of brands.

    ``joined`` texts more are two to six phrases of one language in a row, so that the student sees long texts too.
    """
    pairs = read_pairs(corpora) + read_glossary()
    pairs += [
        Pair(lang="en", source="emoji", english=name, text=char) for char, name in emoji_names().items()
    ]
    if lexicon is not None and (lexicon / "brands.tsv").exists():
        pairs += read_brand_pairs(lexicon / "brands.tsv")
    pairs += _joined(pairs, joined)
    english = sorted({pair.english for pair in pairs} | set(read_sentences(corpora, "en")))
    row_of = {text: row for row, text in enumerate(english)}
    langs = [pair.lang for pair in pairs] + ["en"] * len(english)
    texts = [pair.text for pair in pairs] + english
    rows = np.array([row_of[pair.english] for pair in pairs] + list(range(len(english))), dtype=np.int32)
    return Phrases(english=tuple(english), langs=tuple(langs), texts=tuple(texts), rows=rows)


def _joined(pairs: list[Pair], count: int) -> list[Pair]:
    """``count`` pairs whose sides are the sides of two to six pairs of one language in a row; languages by turns."""
    by_lang: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_lang.setdefault(pair.lang, []).append(pair)
    langs, rng = sorted(by_lang), random.Random("joined")
    made = []
    for number in range(count):
        parts = rng.choices(by_lang[langs[number % len(langs)]], k=rng.randint(2, 6))
        made.append(
            Pair(
                lang=parts[0].lang,
                source="joined",
                english=" ".join(part.english for part in parts),
                text=" ".join(part.text for part in parts),
            )
        )
    return made


def read_sentence_rows(corpora: Path, tokenizer: Tokenizer, length: int) -> TokenRows:
    """The sentences of every language under ``corpora/mono`` as token rows without targets."""
    by_lang = [(lang, read_sentences(corpora, lang)) for lang in LANGUAGES]
    texts = tuple(text for _, sentences in by_lang for text in sentences)
    langs = tuple(lang for lang, sentences in by_lang for _ in sentences)
    nothing = np.full(len(texts), -1, dtype=np.int32)
    return tokenize_phrases(Phrases(english=(), langs=langs, texts=texts, rows=nothing), tokenizer, length)


def save_rows(rows: TokenRows, file: Path) -> None:
    """Token rows as NumPy's compressed arrays, written aside and renamed."""
    partial = file.with_suffix(".partial.npz")
    np.savez_compressed(
        partial, ids=rows.ids, lengths=rows.lengths.astype(np.uint8), langs=rows.langs, targets=rows.targets
    )
    partial.replace(file)


def load_rows(file: Path) -> TokenRows:
    """What :func:`save_rows` wrote."""
    with np.load(file) as saved:
        starts = np.concatenate([[0], np.cumsum(saved["lengths"], dtype=np.int64)])
        return TokenRows(ids=saved["ids"], starts=starts, langs=saved["langs"], targets=saved["targets"])


def tokenize_phrases(phrases: Phrases, tokenizer: Tokenizer, length: int) -> TokenRows:
    """The phrases as token rows of at most ``length`` tokens, special tokens included."""
    rows: list[np.ndarray] = []
    for start in range(0, len(phrases.texts), 20_000):
        encoded = tokenizer.encode_batch_fast(list(phrases.texts[start : start + 20_000]))
        rows += [
            np.array([*e.ids[: length - 1], e.ids[-1]] if len(e.ids) > length else e.ids, np.uint16)
            for e in encoded
        ]
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    code = {lang: number for number, lang in enumerate(LANGUAGES)}
    langs = np.array([code[lang] for lang in phrases.langs], dtype=np.int8)
    return TokenRows(ids=np.concatenate(rows), starts=starts, langs=langs, targets=phrases.rows)
