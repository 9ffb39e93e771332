"""A real SMTP server on loopback with TLS and AUTH, whose answers a test sets, and which remembers what it took."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = "digest", "correct horse"


@dataclass
class Taken:
    recipient: str
    content: bytes


@dataclass
class Post:
    """``rcpt`` and ``data`` hold an answer by recipient, or ``drop`` (hang up) or ``hang``."""

    port: int = 0
    cert: str = ""
    taken: list[Taken] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    mail: str = ""
    log: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def to(self, recipient: str) -> list[bytes]:
        return [one.content for one in self.taken if one.recipient == recipient]


def make_certificate(folder: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    command = [
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return folder


class _Handler:
    def __init__(self, post: Post) -> None:
        self.post = post

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        del server, session
        if self.post.mail:
            return self.post.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        del session
        said = await self._answer(server, self.post.rcpt.get(address, ""))
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        said = self.post.data.get(recipient, "")
        if said in {"", "drop", "hang"}:  # taken, whatever becomes of the answer
            self.post.taken.append(Taken(recipient, envelope.original_content or b""))
        self.post.log.append(
            f"{session.authenticated} {server.transport.get_extra_info('sslcontext') is not None}"
        )
        return await self._answer(server, said)

    async def _answer(self, server: SMTP, said: str) -> str:
        if said == "drop":
            server.transport.abort()
            return "250 never heard"
        if said == "hang":
            await asyncio.to_thread(self.post.stop.wait, 10)
            return "250 too late"
        return said or "250 OK"


def _check(  # noqa: PLR0917 - aiosmtpd's signature
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
) -> AuthResult:
    sound = isinstance(given, LoginPassword) and (given.login, given.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=sound, handled=False)


@contextmanager
def post_office(folder: Path, *, implicit_tls: bool = False) -> Iterator[Post]:
    """The server; ``folder`` holds the certificate. STARTTLS and AUTH are required."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    post = Post(cert=str(folder / "cert.pem"))
    options: dict[str, Any] = {
        "auth_required": True,
        "authenticator": _check,
        "hostname": "127.0.0.1",
        "port": 0,
    }
    if implicit_tls:
        options |= {"ssl_context": context, "auth_require_tls": False}
    else:
        options |= {"tls_context": context, "require_starttls": True}
    controller = _Controller(_Handler(post), **options)
    controller.start()
    post.port = controller.port
    try:
        yield post
    finally:
        post.stop.set()
        controller.stop()


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """The first connection of the controller itself goes to the port that the system chose."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
