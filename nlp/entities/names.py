"""The brand lexicon: names, their ways to be written, and how far each may be trusted on its own."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nlp.errors import ConfigError
from nlp.text import Folded, drop_invisible, fold, lower, nfkc, script_of, strip_accents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nlp.records import How

__all__ = [
    "LEXICON",
    "STEPS",
    "Alias",
    "Key",
    "key_of",
    "parse_aliases",
    "quick_fold",
    "read_aliases",
    "unify",
]

LEXICON: Final = Path(__file__).parent.parent / "lexicon" / "brands.tsv"
_COLUMNS: Final = ("canonical", "owner", "sector", "lang", "alias", "kind", "use", "traps", "note", "source")
_USES: Final = frozenset({"", "context", "strict", "case", "capital", "exact", "never", "product"})
# Letters that Arabic and Persian keyboards, and typists in a hurry, use for one another; apostrophes likewise.
_UNIFIED: Final = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىی", "ي"),
        **dict.fromkeys("ةۀ", "ه"),
        "ک": "ك",
        **dict.fromkeys("’‘ʼ´`׳＇", "'"),
    }
)
_SILENT: Final = frozenset("ـًٌٍَُِّْ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One way to write a brand; ``uses`` says what it takes to count, ``traps`` which neighbours speak against it."""

    brand: str
    sector: str
    lang: str
    text: str
    kind: str
    how: How
    uses: frozenset[str]
    traps: tuple[str, ...] = ()

    @property
    def free(self) -> bool:
        """Whether the words name the brand wherever they stand."""
        return not self.uses & {"context", "strict", "case"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An alias as the matcher sees it: letters without gaps, and where gaps may stand."""

    letters: str
    gaps: dict[int, str]


def unify(cluster: str) -> str:
    """Letters of Arabic script, Kana and apostrophes that stand for one another, as one; marks nobody types dropped."""
    if cluster.isascii():
        return cluster
    return "".join(char for char in cluster.translate(_UNIFIED) if char not in _SILENT)


STEPS: Final = (nfkc, lower, drop_invisible, strip_accents, unify)


class _Letters(dict[int, str]):
    """What each character folds to when it stands alone, filled as characters come; ``odd`` do not fold one to one."""

    def __init__(self) -> None:
        self.odd: set[str] = set()

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = fold(char, *STEPS).text
        if len(folded) != 1 or (unicodedata.combining(char) and not _MARKED.match(char)):
            self.odd.add(char)
        self[code] = folded
        return folded


_MARKED: Final = re.compile("[\u0900-\u097f\u0e00-\u0e7f]")  # marks that no step touches
_LETTERS: Final = _Letters()


def quick_fold(text: str) -> Folded:
    """``fold(text, *STEPS)``, by table where every character folds to exactly one."""
    plain = text.lower() if text.isascii() else text.translate(_LETTERS)
    if text.isascii():
        return Folded(original=text, text=plain, starts=range(len(text)), ends=range(1, len(text) + 1))
    if len(plain) != len(text) or not _LETTERS.odd.isdisjoint(text):
        return fold(text, *STEPS)
    return Folded(original=text, text=plain, starts=range(len(text)), ends=range(1, len(text) + 1))


@lru_cache(maxsize=32_768)
def key_of(text: str, *, keep: frozenset[str] = frozenset()) -> Key:
    """``text`` folded and without separators; ``gaps[i]`` is what stood between letter ``i-1`` and letter ``i``."""
    if text.isascii() and text.isalnum():
        return Key(letters=text.lower(), gaps={})
    letters: list[str] = []
    gaps: dict[int, str] = {}
    for char in quick_fold(text).text:
        if is_letter(char) or char in keep:
            letters.append(char)
        elif letters:
            gaps[len(letters)] = gaps.get(len(letters), "") + char
    gaps.pop(len(letters), None)
    return Key(letters="".join(letters), gaps=gaps)


def is_letter(char: str) -> bool:
    """Letters, digits and the marks that Indic and Thai words are written with."""
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")


def read_aliases(path: Path) -> list[Alias]:
    """The aliases of a lexicon file, tab-separated with the columns of the packaged one.

    Raises:
        ConfigError: all faulty rows at once: a missing column, an unknown ``use``, an empty name.
    """
    with path.open(encoding="utf-8", newline="") as file:
        return parse_aliases(file, str(path))


_NO_USE: Final[frozenset[str]] = frozenset()


def parse_aliases(lines: Iterable[str], source: str) -> list[Alias]:
    """As :func:`read_aliases`, from lines; ``source`` names them in errors."""
    faults: list[str] = []
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_MINIMAL)
    names = next(rows, [])
    missing = {"canonical", "alias"} - set(names)
    if missing:
        raise ConfigError(source, [f"columns are missing: {', '.join(sorted(missing))}"])
    places = [(column, names.index(column)) for column in _COLUMNS if column in names]
    empty = dict.fromkeys(_COLUMNS, "")
    aliases = [
        _alias(
            empty | {column: row[at].strip() for column, at in places if at < len(row)}, rows.line_num, faults
        )
        for row in rows
        if row
    ]
    if faults:
        raise ConfigError(source, faults)
    return [alias for alias in aliases if alias]


def _alias(value: dict[str, str], line: int, faults: list[str]) -> Alias | None:
    uses = frozenset(value["use"].split(",")) - {""} if value["use"] else _NO_USE
    if not value["canonical"] or not value["alias"]:
        faults.append(f"line {line}: canonical and alias must not be empty")
        return None
    if uses - _USES:
        faults.append(f"line {line}: use {value['use']!r} is not made of {', '.join(sorted(_USES - {''}))}")
        return None
    return Alias(
        brand=value["canonical"],
        sector=value["sector"],
        lang=value["lang"],
        text=value["alias"],
        kind=value["kind"] or "variant",
        how=_how(value),
        uses=uses,
        traps=tuple(quick_fold(trap).text for trap in value["traps"].split("|") if trap),
    )


def _how(value: dict[str, str]) -> How:
    if value["kind"] in ("obfuscation", "code"):
        return "disguise"
    if key_of(value["alias"]).letters == key_of(value["canonical"]).letters:
        return "name"
    foreign = _scripts(value["alias"]) - {"LATIN"}
    if value["kind"] in ("official", "variant", "product", "transliteration", "") and foreign:
        return "script"
    return "alias"


def _scripts(text: Iterable[str]) -> set[str]:
    return {script_of(char) for char in text} - {""}
