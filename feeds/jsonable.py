"""Records as JSON values and back."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar

__all__ = ["from_plain", "to_plain"]

T = TypeVar("T")


def to_plain(record: Any) -> Any:
    """JSON values of a record: times and dates as ISO 8601, tuples as lists, bytes not allowed."""
    if is_dataclass(record) and not isinstance(record, type):
        return {f.name: to_plain(getattr(record, f.name)) for f in fields(record)}
    if isinstance(record, datetime | date):
        return record.isoformat()
    if isinstance(record, dict):
        return {str(key): to_plain(value) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [to_plain(value) for value in record]
    return record


def from_plain(kind: type[T], plain: dict[str, Any]) -> T:
    """The record of class ``kind`` that :func:`to_plain` was given; unknown keys are ignored.

    Raises:
        TypeError: a field without a default is missing.
    """
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(**{key: _read(hints[key], value) for key, value in plain.items() if key in hints})


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    """The types of a record's fields, resolved once."""
    known = {f.name for f in fields(kind)}
    return {name: hint for name, hint in typing.get_type_hints(kind).items() if name in known}


def _read(hint: Any, value: Any) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        return None
    if origin in {typing.Union, types.UnionType}:
        return _read(next(arm for arm in inner if arm is not type(None)), value)
    if origin is tuple:
        return tuple(_read(inner[0], one) for one in value)
    if is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is date:
        return date.fromisoformat(value)
    return value
