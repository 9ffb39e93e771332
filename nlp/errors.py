"""The errors that fauxwatch raises on purpose.

::

    FauxwatchError
     ├── UsageError          the command or a call was wrong (exit code 2)
     │    └── ConfigError    a configuration file has faults; all of them are listed
     ├── DumpError           an input cannot be read as a dump of listings (exit code 3)
     ├── OutputError         a result cannot be written (exit code 3)
     ├── ArtefactError       a model folder is incomplete, altered or of an unknown schema (exit code 3)
     ├── MissingExtra        an optional part is not installed; says the exact command (exit code 2)
     └── Interrupted         the user stopped a run that can be resumed (exit code 3)

Every message says what happened, to what, and what to do next. A bad *row* is not an error: it is a
:class:`nlp.records.Rejection`, counted and written out.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ArtefactError",
    "ConfigError",
    "DumpError",
    "FauxwatchError",
    "Interrupted",
    "MissingExtra",
    "OutputError",
    "UsageError",
]


class FauxwatchError(Exception):
    """Base of all; ``exit_code`` is what the command line ends with."""

    exit_code: int = 3


class UsageError(FauxwatchError):
    """The command or the call was wrong: the message says what would be right."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration has faults; ``faults`` lists each with its dotted path."""

    def __init__(self, source: str, faults: list[str]) -> None:
        self.source: Final = source
        self.faults: Final = tuple(faults)
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"{source}: {len(faults)} fault(s) in the configuration:\n{lines}")


class DumpError(FauxwatchError):
    """``path`` cannot be read as a dump of listings; ``reason`` says why and what to do."""

    def __init__(self, path: str, reason: str) -> None:
        self.path: Final = path
        self.reason: Final = reason
        super().__init__(f"{path}: {reason}")


class OutputError(FauxwatchError):
    """``path`` cannot be written; what was complete before is kept."""

    def __init__(self, path: str, reason: str) -> None:
        self.path: Final = path
        self.reason: Final = reason
        super().__init__(f"{path}: {reason}")


class ArtefactError(FauxwatchError):
    """The model folder ``path`` is incomplete, altered, too large or of an unknown schema."""

    def __init__(self, path: str, reason: str) -> None:
        self.path: Final = path
        self.reason: Final = reason
        super().__init__(f"model folder {path}: {reason}")


class MissingExtra(UsageError):  # noqa: N818 - names what is missing
    """``what`` needs the extra ``extra``, which is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra: Final = extra
        super().__init__(f"{what} needs an optional part: pip install 'fauxwatch[{extra}]'")


class Interrupted(FauxwatchError):  # noqa: N818 - it is no fault of anybody
    """The user stopped the run; what is done is kept and ``--resume`` goes on from there."""
