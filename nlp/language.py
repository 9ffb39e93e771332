"""Which language a listing is written in: a guess for reports, never an input of the verdict."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["LANGUAGES", "guess_language"]

# fmt: off
LANGUAGES: Final[tuple[str, ...]] = (
    "en", "zh", "ja", "ko", "es", "pt", "fr", "de", "it", "nl", "pl", "ru", "uk", "tr", "ar", "hi", "id", "vi", "th", "fa",
)
# Neighbours, so that they are not taken for one of ours.
_NEIGHBOURS: Final = ("ro", "cs", "sv", "el", "he", "hu", "bg", "sr", "ms", "tl", "bn", "ur")
# fmt: on
_LEAST: Final = 0.2
_WINDOW: Final = 400  # characters; more changes no guess


def guess_language(text: str) -> str | None:
    """ISO 639-1 code of the likeliest language, None for text too short or too mixed to tell."""
    sample = text[:_WINDOW].strip()
    if not any(char.isalpha() for char in sample):
        return None
    code, probability = _identifier().classify(sample)
    return str(code) if probability >= _LEAST else None


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*LANGUAGES, *_NEIGHBOURS])
    return identifier
