"""A bucket whose server is silent or slow holds the one thread that writes for a moment, not for minutes (P4)."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest

from mailcase.errors import Unavailable
from mailcase.store.raw import S3Access, s3
from tests.servers.s3 import S3Server, s3_server


@pytest.fixture
def bucket() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


def connections(listening: socket.socket) -> int:
    """How many ever came."""
    count = 0
    listening.settimeout(0)
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_a_server_that_takes_connections_and_never_answers_is_left_after_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3, "_REQUEST", timedelta(seconds=0.3))
    monkeypatch.setattr(s3, "_RETRIES", timedelta(seconds=0.1))
    with socket.create_server(("127.0.0.1", 0), backlog=300) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        place = s3.Bucket("s3://mail/raw", S3Access(endpoint, "", lambda: ("a", "b")))
        with pytest.raises(Unavailable, match="cannot be reached"):
            place.put_all({sha256(bytes([at])).hexdigest(): bytes([at]) for at in range(200)})
        # Some are begun before the one that waits for the first is awake: more of them where it is slow.
        assert 0 < connections(silent) <= 5 * s3._AT_ONCE
    until, _ = place._resting
    assert until <= time.monotonic() + s3._REST_MOST_S


def put(place: s3.Bucket, mails: dict[str, bytes]) -> str:
    """What goes wrong."""
    try:
        place.put_all(mails)
    except Unavailable as error:
        return str(error)
    return ""


def test_a_batch_that_a_slow_server_does_not_end_in_time_goes_on_where_it_was(
    bucket: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_REST_S", 0.0), ("_REST_TIMES", 0), ("_BATCH_S", 0.0), ("_AT_ONCE", 2)):
        monkeypatch.setattr(s3, name, value)
    # So many that the two threads never put all of them before the one that waits no time for them is awake.
    mails = {sha256(bytes([at])).hexdigest(): bytes([at]) for at in range(60)}
    place = s3.Bucket("s3://mail/slow", bucket.setting.s3)
    said: list[str] = []
    while len(said) < len(mails) and (said := [*said, put(place, mails)])[-1]:
        pass
    assert 1 < len(said) <= len(mails)  # each time some more
    assert said == [*(one for one in said if "it took" in one), ""]
    assert [place.get(one) for one in mails] == list(mails.values())


def test_a_server_of_ones_own_without_keys_is_not_a_reason_to_ask_the_machine_for_a_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    asks = {"": True, "https://s3.eu-central-1.amazonaws.com": True, "https://minio.example.com:9000": False}
    assert {endpoint: s3._gives_roles(endpoint) for endpoint in asks} == asks
    assert s3._connect("s3://mail/raw", S3Access("https://minio.example.com")).config["skip_signature"]
