"""The protocol against what a server may send at any moment."""

import asyncio

import pytest

from mailcase.errors import Transient
from mailcase.intake.imap.exchange import Exchange
from mailcase.intake.imap.protocol import HardenedProtocol


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
async def protocol() -> HardenedProtocol:
    """Connected and greeted."""
    made = HardenedProtocol(timeout=10, literal_limit=1000)
    made.connection_made(Wire())
    made.data_received(b"* OK ready\r\n")
    return made


def begin(protocol: HardenedProtocol, name: str) -> Exchange:
    exchange = Exchange(name, "A1")
    protocol.begin(exchange)
    return exchange


@pytest.mark.parametrize("chunks", [[b"A1 OK go\r\n* X"], [b"A1 OK go\r\n", b"* X"], [b"A1 OK go\r\n", b"\r\n"]])
async def test_plain_text_after_starttls_breaks_the_connection(protocol: HardenedProtocol, chunks: list[bytes]) -> None:
    begin(protocol, "STARTTLS")
    for chunk in chunks:
        protocol.data_received(chunk)
    assert "plain text" in str(protocol.failure)


@pytest.mark.parametrize(
    "line", [b"A9 OK not yours\r\n", b"A1 OK\r\nA1 OK\r\n", b"+ more\r\n", b"hello\r\n", b"* 1 FETCH (X {9999}\r\n"]
)
async def test_an_answer_to_no_question_breaks_the_connection(protocol: HardenedProtocol, line: bytes) -> None:
    exchange = begin(protocol, "NOOP")
    protocol.data_received(line)
    assert isinstance(protocol.failure, Transient)
    assert exchange.finished.done()


async def test_a_lost_connection_wakes_whoever_waits(protocol: HardenedProtocol) -> None:
    exchange = begin(protocol, "NOOP")
    protocol.connection_lost(None)
    with pytest.raises(Transient, match="closed by the server"):
        await exchange.finished


async def test_a_star_inside_a_line_stays(protocol: HardenedProtocol) -> None:
    exchange = begin(protocol, "LIST")
    protocol.data_received(b'* LIST () "/" "a* b* c"\r\nA1 OK done\r\n')
    assert exchange.untagged == [[b'LIST () "/" "a* b* c"']]
    assert (exchange.result, exchange.text) == ("OK", b"done")


async def test_a_goodbye_between_commands_ends_the_connection(protocol: HardenedProtocol) -> None:
    protocol.data_received(b"* BYE shutting down\r\n")
    assert "shutting down" in str(protocol.failure)


async def test_a_command_is_never_shown_with_its_arguments() -> None:
    exchange = Exchange("LOGIN", "A1", '"user"', '"secret"')
    assert exchange.wire() == 'A1 LOGIN "user" "secret"'
    assert "secret" not in repr(exchange) + str(exchange)
