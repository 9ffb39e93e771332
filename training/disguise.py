"""How sellers hide a word from a filter: look-alike letters, spacing, stars, digits, invisible characters, emoji."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["ATTACKS", "disguise"]

_LOOKALIKES: Final = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")
_LEET: Final = str.maketrans("aeioslAEIOSL", "@310$1@310$1")
_INVISIBLE: Final = ("\u200b", "\u200d", "\u2060", "\u00ad")
_MASKS: Final = ("*", "_", ".", "-", "•", "°", "〇")
_EMOJI: Final = ("🔥", "⭐", "✨", "💎", "❤️")


def disguise(word: str, rng: random.Random) -> str:
    """``word`` under one attack that changes it (or ``word`` itself if none can)."""
    names = list(ATTACKS)
    rng.shuffle(names)
    for name in names:
        changed = ATTACKS[name](word, rng)
        if changed != word:
            return changed
    return word


def _lookalike(word: str, rng: random.Random) -> str:
    places = [at for at, char in enumerate(word) if char.translate(_LOOKALIKES) != char]
    chosen = set(rng.sample(places, min(len(places), rng.randint(1, 3))))
    return "".join(char.translate(_LOOKALIKES) if at in chosen else char for at, char in enumerate(word))


def _leet(word: str, rng: random.Random) -> str:
    places = [at for at, char in enumerate(word) if char.translate(_LEET) != char]
    chosen = set(rng.sample(places, min(len(places), rng.randint(1, 2))))
    return "".join(char.translate(_LEET) if at in chosen else char for at, char in enumerate(word))


def _spaced(word: str, rng: random.Random) -> str:
    return rng.choice([" ", " ", ".", "-", "·"]).join(word) if len(word) <= 12 and " " not in word else word


def _invisible(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word)) if len(word) > 1 else 0
    return word[:at] + rng.choice(_INVISIBLE) + word[at:]


def _masked(word: str, rng: random.Random) -> str:
    places = [at for at in range(1, len(word)) if word[at].isalpha()]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + rng.choice(_MASKS) + word[at + 1 :]


def _emoji(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word)) if len(word) > 2 else 0
    return word[:at] + rng.choice(_EMOJI) + word[at:] if at else word


def _wide(word: str, rng: random.Random) -> str:  # noqa: ARG001 - all attacks look alike
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)


ATTACKS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "look-alike letters": _lookalike,
    "leetspeak": _leet,
    "spacing": _spaced,
    "zero-width": _invisible,
    "mask": _masked,
    "emoji": _emoji,
    "full-width": _wide,
}
