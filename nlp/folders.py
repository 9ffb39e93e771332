"""The folder in which a journal keeps its parts: small files, each there wholly or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Protocol

from nlp.errors import OutputError
from nlp.places import is_remote, remote, reported

__all__ = ["Folder", "LocalFolder", "RemoteFolder", "write_durably", "write_whole"]


class Folder(Protocol):
    """Files by name. What :meth:`write` returned from is kept, whatever happens next."""

    def lock(self) -> None:
        """Keep other runs out, as far as the place can."""

    def read(self, name: str) -> bytes | None:
        """All bytes of a file, None if there is none."""

    def write(self, name: str, content: bytes) -> None:
        """A file with these bytes, in place of what had the name before."""

    def clear(self) -> None:
        """Remove every file of an earlier run."""

    def release(self) -> None:
        """Let other runs in."""

    def remove(self) -> None:
        """Remove the folder and all in it."""


class LocalFolder:
    """A folder of this machine, locked while its run lives, however that ends."""

    def __init__(self, path: Path, out: str) -> None:
        self._path = path
        self._out = out
        self._lock = -1

    def lock(self) -> None:
        """Raises :class:`OutputError` if another run has the folder now."""
        self._path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise OutputError(
                self._out, "is being written by another run; wait for it or choose another name"
            ) from error

    def read(self, name: str) -> bytes | None:
        """All bytes of a file, None if there is none."""
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """A file with these bytes, durable when this returns."""
        write_durably(self._path / name, content)

    def clear(self) -> None:
        """Remove every file but the lock."""
        for old in self._path.iterdir():
            if old.name != "lock":
                old.unlink()

    def release(self) -> None:
        """Let other runs in."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def remove(self) -> None:
        """Remove the folder and all in it."""
        self.release()
        shutil.rmtree(self._path, ignore_errors=True)


class RemoteFolder:
    """A folder in object storage, where a file is there wholly or not at all. There are no locks: one run an output is yours to see to."""

    def __init__(self, parts: str) -> None:
        self._storage, self._path = remote(parts)

    def lock(self) -> None:
        """Nothing: object storage has no locks."""

    def read(self, name: str) -> bytes | None:
        """All bytes of a file, None if there is none."""
        with reported():
            try:
                return bytes(self._storage.cat_file(f"{self._path}/{name}"))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """A file with these bytes, durable when this returns."""
        with reported():
            self._storage.pipe_file(f"{self._path}/{name}", content)

    def clear(self) -> None:
        """Remove every file."""
        with reported():
            self._storage.invalidate_cache()
            if self._storage.exists(self._path):
                self._storage.rm(self._path, recursive=True)

    def release(self) -> None:
        """Nothing: it was not locked."""

    def remove(self) -> None:
        """Remove the folder and all in it."""
        self.clear()


def write_whole(name: str, content: bytes) -> None:
    """A file with these bytes under a path or URL, wholly or not at all.

    Raises:
        OSError: if the disk or the storage refuses.
    """
    if is_remote(name):
        storage, path = remote(name)
        with reported():
            storage.pipe_file(path, content)
    else:
        write_durably(Path(name), content)


def write_durably(path: Path, content: bytes) -> None:
    """The file is there with all its bytes, also after a power cut, or what stood under the name before still stands."""
    new = path.with_name(path.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
