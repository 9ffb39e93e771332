"""HTTP/2 over TLS, against a small server built on the h2 library."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from feeds.fetch import FetchConfig, Fetcher, Request
from feeds.records import FetchFailure, Response

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = [
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return folder


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = H2Connection(H2Configuration(client_side=False))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, RequestReceived):
                path = dict(event.headers).get(b":path")
                status = "200" if path == b"/feed" else "404"
                connection.send_headers(event.stream_id, [(":status", status)])
                connection.send_data(event.stream_id, b"over two", end_stream=True)
        writer.write(connection.data_to_send())
    writer.close()


async def fetch(folder: Path, *, trusted: bool, times: int = 1) -> list[Response | FetchFailure]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    config = FetchConfig(contact="c", ca_file=str(folder / "cert.pem") if trusted else None, total_s=5)

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    request = Request(url=f"https://localhost:{port}/feed", private=True)
    async with server, Fetcher(config, resolver=resolver) as fetcher:
        return await asyncio.gather(*(fetcher.get(request) for _ in range(times)))


def test_http2_is_spoken_and_shared(certificate: Path) -> None:
    answers = asyncio.run(fetch(certificate, trusted=True, times=5))
    assert [(one.http_version, one.body) for one in answers if isinstance(one, Response)] == [
        ("HTTP/2", b"over two")
    ] * 5


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    (answer,) = asyncio.run(fetch(certificate, trusted=False))
    assert isinstance(answer, FetchFailure)
    assert answer.kind == "tls"
