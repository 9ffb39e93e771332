"""What the student reads: pairs, English sentences, brand aliases and emoji, as token rows with a target each."""

from __future__ import annotations

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


def collect_phrases(corpora: Path, lexicon: Path | None) -> Phrases:
    """All pairs, both sides, with English sentences, emoji and (from ``lexicon``) the aliases of brands."""
    pairs = read_pairs(corpora) + read_glossary()
    pairs += [
        Pair(lang="en", source="emoji", english=name, text=char) for char, name in emoji_names().items()
    ]
    if lexicon is not None and (lexicon / "brands.tsv").exists():
        pairs += read_brand_pairs(lexicon / "brands.tsv")
    english = sorted({pair.english for pair in pairs} | set(read_sentences(corpora, "en")))
    row_of = {text: row for row, text in enumerate(english)}
    langs = [pair.lang for pair in pairs] + ["en"] * len(english)
    texts = [pair.text for pair in pairs] + english
    rows = np.array([row_of[pair.english] for pair in pairs] + list(range(len(english))), dtype=np.int32)
    return Phrases(english=tuple(english), langs=tuple(langs), texts=tuple(texts), rows=rows)


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
