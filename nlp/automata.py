"""Aho-Corasick automata, built so that they run fast.

pyahocorasick finds a character's branch by going through a node's branches in the order in which they were added, and
at the root of a table of many scripts there are a thousand. So keys that begin with frequent characters come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ahocorasick

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["automaton_of"]

_FREQUENT: Final = {char: at for at, char in enumerate("eaoinrtslducmphgbfyvkwzxjq0123456789")}
_SPACE: Final = " \x01"  # no word begins with a space, but every second miss at the root is one


def automaton_of(words: Mapping[str, Any], *, nothing: Any) -> ahocorasick.Automaton:
    """The automaton that yields ``words[word]`` where a word ends, and ``nothing`` for a control character after a space."""
    automaton = ahocorasick.Automaton()
    automaton.add_word(_SPACE, nothing)
    for word in sorted(words, key=_rank):
        automaton.add_word(word, words[word])
    automaton.make_automaton()
    return automaton


def _rank(word: str) -> list[int]:
    return [_FREQUENT.get(char, 100 + ord(char)) for char in word]
