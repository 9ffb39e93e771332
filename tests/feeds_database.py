"""Databases for tests: SQLite in a temporary folder, and PostgreSQL from Debian's packages when it is there."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REASON = "no PostgreSQL server here: apt-get install postgresql"


def binaries() -> Path | None:
    """The folder with initdb and postgres, newest version first."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)  # noqa: PTH207
    on_path = shutil.which("initdb")
    chosen = found[0] if found else on_path
    return Path(chosen).resolve().parent if chosen else None


@contextmanager
def postgresql() -> Iterator[str]:
    """A fresh cluster on a free port, as an unprivileged user; gives the URL of its first database."""
    folder = binaries()
    assert folder is not None, REASON
    user = "postgres" if os.geteuid() == 0 else None
    root = Path(tempfile.mkdtemp(prefix="fauxwatch-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if user:
        shutil.chown(root, user)
    data = root / "data"
    init = [folder / "initdb", "-D", data, "-U", "fauxwatch", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(init, check=True, user=user, cwd=root, stdout=subprocess.DEVNULL)
    command = [folder / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", root, "-F"]
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(command, user=user, cwd=root, stdout=log, stderr=log)
    try:
        _wait(folder, port, server)
        yield f"postgresql://fauxwatch@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: clients are cut off
        server.wait(30)
        shutil.rmtree(root, ignore_errors=True)


def _wait(folder: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    ready = [folder / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
    for _ in range(300):
        if subprocess.run(ready, check=False).returncode == 0:
            return
        assert server.poll() is None, "PostgreSQL ended while starting"
        server_gone = False
        try:
            server.wait(0.1)
            server_gone = True
        except subprocess.TimeoutExpired:
            pass
        assert not server_gone
    raise AssertionError("PostgreSQL did not start")


def emptied(url: str) -> str:
    """``url`` again, with every table of the migrated database empty."""
    import sqlalchemy as sa

    from feeds.tables import metadata

    engine = sa.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.pool.NullPool
    )
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    engine.dispose()
    return url
