"""TOML into frozen dataclasses over their defaults; every fault is reported at once, with its dotted path."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from nlp.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["config_from_table", "load_config", "to_toml"]

T = TypeVar("T")


def load_config(kind: type[T], path: Path) -> T:
    """The dataclass ``kind`` filled from the TOML file at ``path``.

    Raises:
        ConfigError: listing every unknown key, wrong type and missing value.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [f"is not TOML: {error}"]) from error
    return config_from_table(kind, table, source=str(path))


def config_from_table(kind: type[T], table: dict[str, Any], *, source: str) -> T:
    """The dataclass ``kind`` filled from ``table``; ``source`` names it in errors."""
    faults: list[str] = []
    value = _build(kind, table, "", faults)
    if faults:
        raise ConfigError(source, faults)
    return value  # type: ignore[no-any-return]


def to_toml(config: Any, prefix: str = "") -> str:
    """A dataclass of plain values and further dataclasses as TOML that ``load_config`` reads back."""
    lines, tables = [], []
    for field in fields(config):
        value = getattr(config, field.name)
        path = f"{prefix}{field.name}"
        if is_dataclass(value):
            tables.append(f"\n[{path}]\n{to_toml(value, f'{path}.')}")
        elif isinstance(value, dict):
            rows = "".join(f"{key} = {_literal(item)}\n" for key, item in value.items())
            tables.append(f"\n[{path}]\n{rows}")
        elif value is not None:
            lines.append(f"{field.name} = {_literal(value)}\n")
    return "".join(lines + tables)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_literal, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _build(kind: Any, table: dict[str, Any], path: str, faults: list[str]) -> Any:
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    faults += [
        f"{path}{key}: no such setting; there is {', '.join(known)}" for key in table if key not in known
    ]
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in table:
            values[name] = _value(hints[name], table[name], f"{path}{name}", faults)
        elif field.default is MISSING and field.default_factory is MISSING:
            faults.append(f"{path}{name}: is missing")
    return None if faults else kind(**values)


def _value(hint: Any, value: Any, path: str, faults: list[str]) -> Any:
    if is_dataclass(hint):
        if isinstance(value, dict):
            return _build(hint, value, f"{path}.", faults)
        faults.append(f"{path}: must be a table, not {value!r}")
        return None
    wanted = str(hint)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = {"int": int, "float": float, "str": str, "bool": bool}
    names = [name for name in plain if wanted in (f"<class '{name}'>", f"{name} | None")]
    if names and type(value) is not plain[names[0]]:
        faults.append(f"{path}: must be of type {names[0]}, not {value!r}")
    if wanted.startswith("tuple"):
        if isinstance(value, list):
            return tuple(value)
        faults.append(f"{path}: must be a list, not {value!r}")
    if wanted.startswith("dict") and not isinstance(value, dict):
        faults.append(f"{path}: must be a table, not {value!r}")
    return value
