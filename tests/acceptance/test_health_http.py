"""What the keeper tells, and /health and /metrics, on a real store."""

import asyncio
import json
import socket
import sqlite3
import struct
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailcase.errors import ConfigError, Unavailable
from mailcase.health.proof import FLAG, Proof
from mailcase.health.server import HttpServer
from mailcase.health.situation import Unregistered
from mailcase.health.stages import count
from tests.contract.store_kit import Clerk, Desk, mail
from tests.servers.bureau import MINUTE, NOW, REFUSED, WELL, Bureau


def page(server: HttpServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as found:
            return found.status, found.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def server(bureau: Bureau) -> Iterator[HttpServer]:
    made = HttpServer("127.0.0.1:0", bureau.keeper.pulse, lambda: bureau.now)
    made.start()
    yield made
    made.stop()


async def test_health_and_metrics_answer_while_the_store_is_locked(
    bureau: Bureau, server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.mailboxes(support=WELL)
    await bureau.keeper.look()
    bureau.keeper.pulse.counted((Unregistered("support", 3, (("jane@private.example", 3),)),))
    assert (await asyncio.to_thread(page, server, "/health"))[0] == 200
    bureau.mailboxes(support=REFUSED)

    async def busy(*_: object) -> None:
        raise Unavailable("store: database is locked")

    monkeypatch.setattr(bureau.keeper, "_call", busy)
    with closing(sqlite3.connect(bureau.folder / "mailcase.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await bureau.keeper.look()
        bureau.now += 6 * MINUTE
        await bureau.keeper.look()
        status, body = await asyncio.to_thread(page, server, "/health")
        found = json.loads(body)
        assert (status, found["ok"]) == (503, False)
        assert [one["condition"] for one in found["needs"]] == ["login_refused", "store_unavailable"]
        metrics = (await asyncio.to_thread(page, server, "/metrics"))[1]
    assert "private.example" not in body + metrics


async def test_the_metrics_say_what_the_pulse_knows(bureau: Bureau, server: HttpServer) -> None:
    bureau.facts = replace(bureau.facts, policy_hash="abc", disk_free=5, config_error="bad")
    bureau.mailboxes(support=REFUSED, sales=replace(WELL, quota=0.42))
    Desk(bureau.store, Clerk()).receive(mail("a"), now=bureau.now)
    await bureau.drain().once()
    await bureau.keeper.look()
    count("lmtp", "452")
    assert "mailcase_audit" not in (await asyncio.to_thread(page, server, "/metrics"))[1]
    proof = Proof(NOW, 1.5, 35, 99, since=NOW, doubled=2, stuck=3, found={"mail_twice": 2, "overdue": 3})
    bureau.store.set_flag(FLAG, proof.to_text())
    await bureau.keeper.look()
    text = (await asyncio.to_thread(page, server, "/metrics"))[1]
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["mailcase_mailbox_up", "support"] == 0
    assert found["mailcase_mailbox_up", "sales"] == 1
    assert found["mailcase_mailbox_last_look_timestamp_seconds", "sales"] == NOW.timestamp()
    assert found["mailcase_mailbox_failing_since_timestamp_seconds", "support"] == NOW.timestamp()
    assert found["mailcase_condition", "login_refused", "support"] == 1
    assert found["mailcase_mailbox_quota_ratio", "sales"] == 0.42
    assert ("mailcase_mailbox_quota_ratio", "support") not in found
    assert (found["mailcase_automatic_sent", "support"], found["mailcase_automatic_bounced", "support"]) == (1, 0)
    assert (found["mailcase_disk_free_bytes",], found["mailcase_config_error",]) == (5, 1)
    assert (found["mailcase_audit_findings", "doubled"], found["mailcase_audit_findings", "stuck"]) == (2, 3)
    assert (found["mailcase_audit_timestamp_seconds",], found["mailcase_audit_seconds",]) == (NOW.timestamp(), 1.5)
    assert found["mailcase_condition", "", "store_unsound"] == 1
    assert found["mailcase_outbox", "pending"] == 0
    assert found["mailcase_lmtp_total", "452"] >= 1
    assert ("mailcase_stage_seconds_bucket", "+Inf", "send") in found
    assert 'policy="abc"' in text


async def test_a_daemon_that_hangs_is_not_healthy(bureau: Bureau, server: HttpServer) -> None:
    await bureau.keeper.look()
    bureau.now += 2 * MINUTE
    status, body = await asyncio.to_thread(page, server, "/health")
    assert (status, json.loads(body)["needs"][0]["condition"]) == (503, "daemon_hangs")


async def test_other_pages_and_methods_are_refused(server: HttpServer) -> None:
    assert (await asyncio.to_thread(page, server, "/"))[0] == 404


def test_a_port_that_is_taken_is_a_configuration_error(bureau: Bureau, server: HttpServer) -> None:
    second = HttpServer(f"127.0.0.1:{server.port}", bureau.keeper.pulse, lambda: bureau.now)
    with pytest.raises(
        ConfigError, match=r"\[http\] listen: cannot listen on 127\.0\.0\.1:\d+: Address already in use"
    ):
        second.start()
    for wrong in ("127.0.0.1:99999", "nobody.invalid:1"):
        with pytest.raises(ConfigError, match=r"\[http\] listen"):
            HttpServer(wrong, bureau.keeper.pulse, lambda: bureau.now).start()


def test_a_client_that_is_slow_or_goes_away_writes_nothing_anywhere(
    server: HttpServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mailcase.health.server._Handler.timeout", 0.2)
        with socket.create_connection(("127.0.0.1", server.port)) as slow:
            slow.sendall(b"GET /hea")
            assert slow.recv(1) == b""  # it was waited for, and no longer
    with socket.create_connection(("127.0.0.1", server.port)) as gone:
        gone.sendall(b"GET /metrics HTTP/1.0\r\n")
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
    assert page(server, "/health")[0] == 200
    server.stop()
    assert capfd.readouterr() == ("", "")


def test_a_page_that_cannot_be_made_is_an_error_and_no_traceback(
    bureau: Bureau, server: HttpServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(bureau.keeper.pulse), "view", lambda _: None)
    assert page(server, "/health") == (500, "see the log\n")
    assert "Traceback" not in capfd.readouterr().err
