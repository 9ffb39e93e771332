"""One vocabulary for twenty languages: unigram pieces over a balanced sample of the permissive corpora.

Text is NFKC-normalised and lower-cased, invisible characters and Arabic vowel marks go, digits stand alone, and
runs of punctuation and emoji are cut from the words beside them. What no piece covers falls back to bytes, so
nothing is unknown. The result is an ordinary ``tokenizers`` file.
"""

from __future__ import annotations

import csv
import random
import string
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.parallel import LANGUAGES, emoji_names, read_glossary, read_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from training.encoder_data import Phrases

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORD_START = "▁"

_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\u0307\u0640\u064b-\u0652]"
_SYMBOL = rf"{WORD_START}?[[\p{{P}}\p{{S}}]&&[^{WORD_START}]]+"
_RARE_SCORE = -14.0
_BYTE_SCORE = -30.0  # far below any piece: bytes are the last resort


@dataclass(frozen=True, slots=True, kw_only=True)
class VocabularyConfig:
    """How many pieces, and how much text of each language decides about them.

    ``size`` pieces are learnt; everyday characters and the whole words of lexicon and glossary are added to them.
    Twice ``lines`` texts of each language count, at most half of them sentences; a lexicon entry counts ``repeat`` times;
    a character must occur ``rarest`` times to get a piece of its own.
    """

    size: int = 40_000
    lines: int = 9_000
    repeat: int = 60
    rarest: int = 4
    seed: int = 17


def train_vocabulary(
    phrases: Phrases, corpora: Path, lexicon: Path | None, config: VocabularyConfig
) -> Tokenizer:
    """A tokenizer that wraps text in [CLS] … [SEP], learnt from a sample of everything that may be learnt from."""
    sample = balanced_sample(phrases, corpora, config)
    terms = [pair.text for pair in read_glossary()] + (lexicon_terms(lexicon) if lexicon is not None else [])
    return train_on(sample, terms, config)


def train_on(sample: Sequence[str], terms: Sequence[str], config: VocabularyConfig) -> Tokenizer:
    """A tokenizer learnt from ``sample``, with ``terms`` (cue phrases, brands) counted ``config.repeat`` times."""
    from tokenizers import Tokenizer, models, trainers

    blank = _with_steps(Tokenizer(models.Unigram()))
    alphabet = _alphabet(sample, terms, config.rarest)
    trainer = trainers.UnigramTrainer(
        vocab_size=config.size - 256 - len(string.digits),
        special_tokens=list(SPECIAL),
        unk_token=SPECIAL[1],
        initial_alphabet=sorted(alphabet),
        max_piece_length=16,
        show_progress=False,
    )
    texts = [*sample, *list(terms) * config.repeat]
    normalised = [blank.normalizer.normalize_str(text) for text in texts]
    # A list, not a generator: training holds the tokenizer's lock, and normalising in between would wait for it.
    blank.train_from_iterator(
        ["".join(c if c in alphabet else " " for c in text) for text in normalised], trainer
    )
    tokenizer = with_pieces(_with_bytes(blank), _characters())
    return with_pieces(tokenizer, whole_words(blank, terms))


def balanced_sample(phrases: Phrases, corpora: Path, config: VocabularyConfig) -> list[str]:
    """``2 * config.lines`` texts of each language, at most half of them sentences, drawn with the config's seed."""
    rng = random.Random(config.seed)
    by_lang: dict[str, list[str]] = defaultdict(list)
    for lang, text in zip(phrases.langs, phrases.texts, strict=True):
        by_lang[lang].append(text)
    sample: list[str] = []
    for lang in LANGUAGES:
        sentences = read_sentences(corpora, lang) if lang != "en" else []
        sentences = rng.sample(sentences, min(config.lines, len(sentences)))
        wanted = 2 * config.lines - len(sentences)
        sample += sentences + rng.sample(by_lang[lang], min(wanted, len(by_lang[lang])))
    return sample


def lexicon_terms(lexicon: Path) -> list[str]:
    """The cue phrases and brand aliases of a lexicon folder, whichever of its two files is there."""
    terms = []
    for name, column in (("cues.tsv", "phrase"), ("brands.tsv", "alias")):
        if (lexicon / name).exists():
            with (lexicon / name).open(encoding="utf-8", newline="") as lines:
                terms += [row[column] for row in csv.DictReader(lines, delimiter="\t")]
    return terms


def tokens_per_phrase(tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Mean number of pieces of ``texts``, without special tokens."""
    encoded = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return sum(len(e.ids) for e in encoded) / max(len(encoded), 1)


def whole_words(tokenizer: Tokenizer, terms: Sequence[str]) -> list[str]:
    """The words of ``terms`` as pieces: a brand or a cue shall not be cut up; without spaces it may stand anywhere."""
    words: dict[str, None] = {}
    for term in terms:
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(term)):
            bare = word.removeprefix(WORD_START)
            if 2 <= len(bare) < 16 and bare.isalpha():
                words[word] = None
                if min(bare) >= "\u0e00" and max(bare) < "\uac00":  # Thai, kana, Chinese characters
                    words[bare] = None
    return list(words)


def with_pieces(tokenizer: Tokenizer, pieces: Sequence[str]) -> Tokenizer:
    """``tokenizer`` with those of ``pieces`` that it lacks, at the end; each is preferred to what it was cut into."""
    import json

    from tokenizers import Tokenizer

    state = json.loads(tokenizer.to_str())
    known = state["model"]["vocab"]
    score_of = dict(known)
    floor = min((score for _, score in known if score > _BYTE_SCORE), default=_RARE_SCORE)
    for piece in dict.fromkeys(pieces):
        if piece not in score_of:
            parts = [score_of.get(part, floor) for part, _, _ in _cut_up(tokenizer, piece)]
            known.append([piece, min(-7.0, sum(parts) + 1.0) if len(parts) > 1 and len(piece) > 1 else floor])
    return Tokenizer.from_str(json.dumps(state))


def _cut_up(tokenizer: Tokenizer, piece: str) -> list[tuple[str, int, int]]:
    return [(token.value, *token.offsets) for token in tokenizer.model.tokenize(piece)]


def _characters() -> list[str]:
    """Characters of everyday writing in the twenty languages: the first levels of GB 2312, JIS X 0208 and KS X 1001."""
    found = set("®™©【】「」『』《》〈〉・。、，～•●★☆✓✔√→‐–—…°№¿¡«»„“”‘’€£¥")
    for codec, last in (("gb2312", 0xD7), ("euc_jp", 0xCF), ("euc_kr", 0xC8)):
        for lead in range(0xB0, last + 1):
            for trail in range(0xA1, 0xFF):
                found.update(bytes([lead, trail]).decode(codec, errors="ignore"))
    blocks: list[tuple[int, int]] = [
        (0xDF, 0x17F),
        (0x3B1, 0x3C9),
        (0x430, 0x45F),
        (0x490, 0x491),
        (0x621, 0x64A),
        (0x660, 0x669),
    ]
    blocks += [(0x6F0, 0x6F9), (0x901, 0x939), (0x93C, 0x94D), (0x966, 0x96F), (0xE01, 0xE3A), (0xE40, 0xE59)]
    blocks += [(0x3041, 0x3096), (0x30A1, 0x30FA), (0x1EA0, 0x1EF9), (0x20A0, 0x20BF)]
    found.update(chr(code) for first, last in blocks for code in range(first, last + 1))
    found.update("پچژکگیے")
    from unicodedata import normalize

    return sorted({char for char in found if normalize("NFKC", char).lower() == char and char.isprintable()})


def _alphabet(sample: Sequence[str], terms: Sequence[str], rarest: int) -> set[str]:
    from unicodedata import normalize

    counts: Counter[str] = Counter()
    for text in sample:
        counts.update(normalize("NFKC", text).lower())
    frequent = {char for char, count in counts.items() if count >= rarest}
    named = {char for term in terms for char in normalize("NFKC", term).lower()}
    printable = set(string.ascii_lowercase + string.digits + string.punctuation)
    wanted = frequent | named | printable | set(emoji_names()) | {WORD_START}
    return {char for char in wanted if not char.isspace() and char.isprintable()} | {" "}


def _with_steps(tokenizer: Tokenizer) -> Tokenizer:
    """``tokenizer`` with the steps before and after the model."""
    from tokenizers import Regex, decoders, normalizers, pre_tokenizers

    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(_INVISIBLE), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=WORD_START, prepend_scheme="always", split=True),
            pre_tokenizers.Split(Regex(rf"{WORD_START}?\p{{Nd}}"), "isolated"),
            pre_tokenizers.Split(Regex(_SYMBOL), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Metaspace(replacement=WORD_START)]
    )
    return tokenizer


def _with_bytes(trained: Tokenizer) -> Tokenizer:
    """The trained pieces and 256 bytes in a tokenizer that falls back to the latter."""
    import json

    from tokenizers import Tokenizer, models, processors

    learnt = [(piece, round(score, 6)) for piece, score in json.loads(trained.to_str())["model"]["vocab"]]
    # Ties, and characters that the sample lacks, come out in the order of a hash map. Sorting leaves only those
    # differences between runs that the trainer itself makes when it prunes pieces of equal worth.
    count = len(SPECIAL)
    floor = min((score for piece, score in learnt[count:] if len(piece) > 1), default=_RARE_SCORE)
    pieces = [(piece, max(score, floor)) for piece, score in learnt[count:]]
    pieces = learnt[:count] + sorted(pieces, key=lambda item: (-item[1], item[0]))
    score_of = dict(pieces)
    pieces += [
        (WORD_START + digit, score_of[digit]) for digit in string.digits if WORD_START + digit not in score_of
    ]
    pieces += [(f"<0x{byte:02X}>", _BYTE_SCORE) for byte in range(256)]
    tokenizer = _with_steps(Tokenizer(models.Unigram(pieces, 1, byte_fallback=True)))
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer
