"""Raw mail in an S3 bucket (obstore, extra [s3])."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mailcase.errors import ConfigError, Unavailable
from mailcase.store.raw.setting import S3Access
from mailcase.store.raw.vault import path_of

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

_AT_ONCE: Final = 8  # puts of one batch
_LARGE_AT_ONCE: Final = 2  # of one that is larger than _LARGE, so that each part has the line for itself
_LARGE: Final = 8 * 1024 * 1024
_CONNECT: Final = timedelta(seconds=5)
_REQUEST: Final = timedelta(seconds=10)  # one request; obstore cuts a large mail into parts of 5 MB
_RETRIES: Final = timedelta(seconds=8)  # no new try after so long: none after a request without answer
_BATCH_S: Final = 20.0  # seconds after which no put of a batch is begun: the one thread that writes waits (P4)
_REST_S: Final = 10.0  # seconds after a failure in which nobody waits for that server
_REST_TIMES: Final = 3  # or so many times what the failure took, so that the writer has time for other work,
_REST_MOST_S: Final = 60.0  # but no longer


@dataclass(slots=True)
class Bucket:
    """A bucket with a prefix. The client is made at the first use: most commands need none, nor its keys."""

    name: str
    access: S3Access
    clock: Callable[[], float] = time.monotonic
    _client: "S3Store | None" = field(default=None, init=False)
    _resting: tuple[float, str] = field(default=(0.0, ""), init=False)  # until when, and why
    _there: set[str] = field(default_factory=set, init=False)  # put since the last batch that came to its end

    def put_all(self, mails: Mapping[str, bytes]) -> None:
        """As Vault.put_all; a few at once, until the first error or for `_BATCH_S`.

        What was put before that is known at the next try, so that a slow server gets to the end of a batch too.
        """
        with self._asked(rest=True) as client:
            self._put({sha256: raw for sha256, raw in mails.items() if sha256 not in self._there}, client)
        self._there.clear()

    def _put(self, mails: Mapping[str, bytes], client: "S3Store") -> None:
        """Raises what the first put raised, or TimeoutError where some were not begun."""
        large = sum(map(len, mails.values())) > _LARGE
        pool = ThreadPoolExecutor(_LARGE_AT_ONCE if large else _AT_ONCE)
        begun: dict[str, Future[object]] = {}
        try:
            for sha256, raw in mails.items():
                begun[sha256] = pool.submit(client.put, path_of(sha256), raw, max_concurrency=1)
            wait(begun.values(), _BATCH_S, FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)  # what runs ends within _REQUEST, or gets on
        ended = {sha256: one for sha256, one in begun.items() if not one.cancelled()}
        self._there.update(sha256 for sha256, one in ended.items() if one.exception() is None)
        for one in ended.values():
            one.result()
        if len(ended) < len(begun):
            raise TimeoutError(f"it took {len(ended)} of {len(begun)} mails in {_BATCH_S:g} seconds")

    def get(self, sha256: str) -> bytes:
        """As Vault.get."""
        with self._asked() as client:
            return client.get(path_of(sha256)).bytes().to_bytes()

    def remove(self, hashes: Sequence[str]) -> None:
        """As Vault.remove; up to a thousand a request."""
        if hashes:
            self._there.difference_update(hashes)
            with self._asked(rest=True) as client:
                client.delete([path_of(sha256) for sha256 in hashes])

    def probe(self) -> None:
        """As Vault.probe; asks for a mail that is not there."""
        with suppress(FileNotFoundError), self._asked() as client:
            client.get(path_of("0" * 64))  # unlike head, its answer says whether mail or bucket is missing

    @contextmanager
    def _asked(self, *, rest: bool = False) -> Iterator["S3Store"]:
        """The client, its errors made ours; of them a missing mail alone stays FileNotFoundError."""
        until, said = self._resting
        began = self.clock()
        if rest and began < until:
            raise Unavailable(said)
        try:
            client = self._open()
        except ConfigError as error:  # it would end the daemon; `probe` told it at the start
            raise self._trouble(str(error), began) from None
        from obstore.exceptions import BaseError

        try:
            yield client
        except (BaseError, OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and not rest and "NoSuchBucket" not in str(error):
                raise
            raise self._trouble(str(error), began) from None

    def _trouble(self, said: str, began: float) -> Unavailable:
        reason = "there is no such bucket" if "NoSuchBucket" in said else said.partition("\n")[0][:300]
        text = f"raw mail: {self.name} cannot be reached: {reason}"
        now = self.clock()
        self._resting = (now + min(max(_REST_S, _REST_TIMES * (now - began)), _REST_MOST_S), text)
        return Unavailable(text)

    def _open(self) -> "S3Store":
        if self._client is None:
            if find_spec("obstore") is None:
                raise Unavailable(missing(self.name))
            self._client = _connect(self.name, self.access)
        return self._client


def must_be_there(name: str) -> None:
    """Raises ConfigError where the extra [s3] is not installed."""
    if find_spec("obstore") is None:
        raise ConfigError(missing(name))


def missing(name: str) -> str:
    """What to do without the library."""
    return f'[store] raw = "{name}" needs obstore: pip install "mailcase[s3]"'


def _connect(name: str, access: S3Access) -> "S3Store":
    """A client; nothing is asked of the server yet. Raises ConfigError (a key that cannot be read)."""
    from obstore.store import S3Store

    bucket, _, prefix = name.removeprefix("s3://").partition("/")
    keys = access.keys()
    config: S3Config = {"region": access.region or "us-east-1"}
    if access.endpoint:
        config["endpoint"] = access.endpoint
    if keys is not None:
        config["access_key_id"], config["secret_access_key"] = keys
    elif not _gives_roles(access.endpoint):
        config["skip_signature"] = True
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={
            "allow_http": access.endpoint.startswith("http://"),
            "connect_timeout": _CONNECT,
            "timeout": _REQUEST,
        },
        retry_config={"max_retries": 2, "retry_timeout": _RETRIES},
    )


def _gives_roles(endpoint: str) -> bool:
    """Whether keys are worth looking for: AWS has roles, and the environment may have keys.

    Else obstore would ask the machine's metadata service, 169.254.169.254, for a server that has nothing to do with it.
    """
    host = urlsplit(endpoint).hostname or ""
    return not endpoint or host.endswith((".amazonaws.com", ".amazonaws.com.cn")) or "AWS_ACCESS_KEY_ID" in os.environ
