"""Names of brands that are towns too: "Milan court", "в Туле" name the town."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from feeds.scan import flat
from feeds.words import read_words

if TYPE_CHECKING:
    from feeds.mentions.passages import Passage

__all__ = ["is_place"]

_BEFORE: Final = re.compile(
    r"(?:^|[^\w])(?:in|at|near|from|around|outside|court of|city of|port of|в|у|из|под|около|з|із|біля|w|z|pod|en|a|à|di|de|da|em|nel|bei|aus|te|nabij|ở|tại|di)\s$"
)
_AFTER: Final = re.compile(
    r"(?:['’]s)?[\s-]?(?:(?:appeals?|district|federal|city|civil|criminal|high|supreme|regional) )*"
    r"(?:courts?|judges?|prosecutors?|police|customs|tribunal|mayor|airport|port|shop|market|warehouse|suburb|fashion week|design week|mahkeme|savc|polis|法院|海关|海關|警方|地裁|税関|법원|경찰|세관)"
)


def is_place(passage: Passage, start: int, end: int) -> bool:
    """Whether ``start:end``, the name of a town, stands where a town is meant."""
    if passage.folded[start:end] not in _towns():
        return False
    before = _BEFORE.search(passage.folded, max(0, start - 12), start)
    return before is not None or _AFTER.match(passage.folded, end) is not None


@lru_cache(maxsize=1)
def _towns() -> frozenset[str]:
    rows = read_words("places.tsv")
    return frozenset(flat(name) for row in rows for name in row["names"].split("|"))
