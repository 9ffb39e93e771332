"""The cue labels: one source for training, cards, command line and documentation.

A cue is a property of the text (and of the price), not of the goods: an analyst can point at the words.
The names are stable; users build on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["COUNTERFEIT", "CUES", "CUE_NAMES", "LABELS", "CueLabel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CueLabel:
    """A cue's stable ``name``, what it means, one example and the words a report uses for it."""

    name: str
    definition: str
    example: str
    title: str


CUES: Final[tuple[CueLabel, ...]] = (
    CueLabel(
        name="replica_claim",
        definition="says or implies that the item is a copy: replica, grade or tier words, 1:1, mirror, 'like original'",
        example="LV Neverfull 1:1 mirror quality",
        title="speaks of a copy",
    ),
    CueLabel(
        name="brand_obfuscation",
        definition="hides the brand: misspelling, look-alike letters, spacing, emoji, initials, code words",
        example="G*cci belt / 小香 bag / the swoosh brand",
        title="hides the brand",
    ),
    CueLabel(
        name="price_too_low",
        definition="names a price that the genuine article cannot have (from the text or the price column)",
        example="Gucci canvas bag, $2-5",
        title="price far below the genuine article",
    ),
    CueLabel(
        name="wholesale_offer",
        definition="offers branded goods in bulk, by minimum order, from the factory, for dropshipping",
        example="Nike shoes, MOQ 50 pairs, factory direct",
        title="branded goods in bulk",
    ),
    CueLabel(
        name="off_platform_contact",
        definition="moves the buyer to WhatsApp, WeChat, Telegram, Line, Zalo, a Yupoo album …",
        example="more pics on WhatsApp +86 138 0000 0000",
        title="moves the buyer elsewhere",
    ),
    CueLabel(
        name="provenance_evasion",
        definition="explains the low price by a leak, an overrun, 'same factory'; removes or hides the logo; disclaims the mark",
        example="same factory as the original, tags cut off",
        title="explains away where it comes from",
    ),
    CueLabel(
        name="authenticity_overclaim",
        definition="insists on authenticity in a way that an analyst would count against it",
        example="100% original!!! real genuine guarantee, $30",
        title="insists on authenticity",
    ),
)
CUE_NAMES: Final[tuple[str, ...]] = tuple(cue.name for cue in CUES)
COUNTERFEIT: Final = "counterfeit"
LABELS: Final[tuple[str, ...]] = (
    *CUE_NAMES,
    COUNTERFEIT,
)  # what a model scores, in the order in which it is trained
