"""A JSON text read value by value: where each value starts (line) and its source text, with bounded memory."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JsonStream", "MalformedError"]

_SPACE: Final = re.compile(r"[ \t\r\n\ufeff]*")
_SCALAR: Final = re.compile(r"[^\s,\[\]{}\"]*")
_STRUCTURE: Final = re.compile(r'[{}\[\]"]')
_STRING_END: Final = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class MalformedError(ValueError):
    """The text is no JSON at line ``line``."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {reason}")


class JsonStream:
    """A cursor in a JSON text that comes in pieces. A value of more than ``longest`` characters is an error."""

    def __init__(self, pieces: Iterator[str], longest: int) -> None:
        self._pieces = pieces
        self._longest = longest
        self._text = ""
        self._at = 0
        self._line = 1
        self._open_array = False

    def peek(self) -> str:
        """The next character that is not space; '' at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._advance(match.end() if match else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def keys(self) -> Iterator[str]:
        """The keys of the object that starts here; the caller takes each value before asking for the next key."""
        self._expect("{")
        while self.peek() != "}":
            line, raw = self.take()
            try:
                key = json.loads(raw)
            except ValueError as error:
                raise MalformedError(line, "a key was expected") from error
            self._expect(":")
            yield str(key)
            self._between("}")
        self._expect("}")

    def array_of_objects(self) -> bool:
        """Whether the array that starts here starts with an object."""
        while True:
            match = re.compile(r"\[\s*(\S)").match(self._text, self._at)
            if match:
                return match.group(1) == "{"
            if not self._more():
                return False

    def array(self) -> Iterator[tuple[int, str]]:
        """Line and source text of each value of the array that starts here."""
        self._open_array = True
        self._expect("[")
        while self.peek() != "]":
            yield self.take()
            self._between("]")
        self._expect("]")
        self._open_array = False

    def finish_array(self) -> None:
        """Go behind the array that :meth:`array` began, whether or not all of it was taken."""
        if not self._open_array:
            return
        self._between("]")
        while self.peek() != "]":
            self.take()
            self._between("]")
        self._expect("]")
        self._open_array = False

    def take(self) -> tuple[int, str]:
        """Line and source text of the value that starts here."""
        opening = self.peek()
        line = self._line
        if opening in ("", ",", ":", "]", "}"):
            raise MalformedError(line, f"a value was expected, not {opening or 'the end'!r}")
        length = self._scalar_length() if opening not in '{["' else self._length()
        raw = self._text[self._at : self._at + length]
        self._advance(self._at + length)
        return line, raw

    def _scalar_length(self) -> int:
        while True:
            match = _SCALAR.match(self._text, self._at)
            end = match.end() if match else self._at
            if end < len(self._text) or not self._more():
                if end == self._at:
                    raise MalformedError(self._line, "a value was expected")
                return end - self._at

    def _length(self) -> int:
        """Length of the string, array or object here; brackets are counted outside strings."""
        depth, offset = 0, 0
        while True:
            match = _STRUCTURE.search(self._text, self._at + offset)
            if match is None:
                offset = len(self._text) - self._at
                self._need()
                continue
            offset = match.end() - self._at
            if match.group() == '"':
                offset = self._string_end(offset)
            else:
                depth += 1 if match.group() in "{[" else -1
            if depth <= 0:
                return offset

    def _string_end(self, offset: int) -> int:
        while True:
            match = _STRING_END.match(self._text, self._at + offset)
            if match:
                return match.end() - self._at
            self._need()

    def _need(self) -> None:
        if len(self._text) - self._at > self._longest:
            raise MalformedError(
                self._line, f"a value of more than {self._longest:,} characters, or one never closed"
            )
        if not self._more():
            raise MalformedError(self._line, "a value that starts here is never closed")

    def _more(self) -> bool:
        """Append text, at least doubling what is held so that a long value is scanned a few times only."""
        held = self._text[self._at :]
        pieces = [held]
        size = 0
        for piece in self._pieces:
            pieces.append(piece)
            size += len(piece)
            if size > len(held):
                break
        self._text = "".join(pieces)
        self._at = 0
        return size > 0

    def _advance(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _expect(self, char: str) -> None:
        found = self.peek()
        if found != char:
            raise MalformedError(self._line, f"{char!r} was expected, not {found or 'the end'!r}")
        self._advance(self._at + 1)

    def _between(self, closing: str) -> None:
        if self.peek() != closing:
            self._expect(",")
