"""Files on this machine and in object storage (``s3://``, ``gs://`` and whatever else fsspec knows) under one set of verbs.

fsspec is imported only when a name has ``://`` in it; ``file://`` is this machine. Credentials come from the environment, as each
storage's own tools read them.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from nlp.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_remote", "local_name", "open_place", "put", "remote", "reported", "state_of"]

_TIMES: Final = ("ETag", "etag", "LastModified", "mtime", "updated", "created")


def is_remote(name: str | Path) -> bool:
    """Whether the name is a URL of object storage."""
    return "://" in str(name)


def local_name(name: str) -> str:
    """``file:///a/b`` as ``/a/b``; other names as they are."""
    return name.removeprefix("file://") if name.startswith("file://") else name


def remote(name: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path in it.

    Raises:
        MissingExtra: if fsspec or the storage's own package is not installed.
        UsageError: if no storage goes by that name.
    """
    try:
        return cast("tuple[Any, str]", import_module("fsspec.core").url_to_fs(name))
    except ImportError as error:
        raise MissingExtra(f"{name.partition('://')[0]}://", "cloud") from error
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error


def open_place(name: str | Path) -> IO[bytes]:
    """The file, to be read; it can be sought.

    Raises:
        OSError: if it cannot be opened.
    """
    if not is_remote(name):
        return Path(name).open("rb")
    storage, path = remote(str(name))
    with reported():
        return cast("IO[bytes]", storage.open(path, "rb"))


def put(name: str, local: Path) -> None:
    """The bytes of a local file under a URL: all of them, or what stood there before still stands.

    Raises:
        OSError: if the storage refuses.
    """
    storage, path = remote(name)
    with reported():
        storage.put_file(str(local), path)


def state_of(name: str) -> tuple[int, str | int] | None:
    """Size and time (or what the storage has for it) of a file; None if it is not there or no file."""
    if not is_remote(name):
        path = Path(name)
        if not path.is_file():
            return None
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    storage, path_in_it = remote(name)
    with reported():
        try:
            about = storage.info(path_in_it)
        except FileNotFoundError:
            return None
    if about.get("type") != "file":
        return None
    return int(about["size"]), next((str(about[key]) for key in _TIMES if about.get(key)), "")


@contextmanager
def reported() -> Iterator[None]:
    """Whatever a storage raises as an ``OSError`` with its words."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(errno.EIO, f"{type(error).__name__}: {error}") from error
