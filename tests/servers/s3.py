"""A stand-in for S3 on a loopback port (moto), which can go away and come back with what it held."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import boto3  # type: ignore[import-untyped]  # no stubs are installed
from botocore.config import Config  # type: ignore[import-untyped]  # likewise
from moto.server import ThreadedMotoServer

from mailcase.store.raw import RawSetting, S3Access
from tests.servers.ports import free_port

BUCKET = "mail"
KEYS = ("key-id", "key-secret")


class S3Server:
    """A server with one bucket."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.port = free_port()  # one that nobody else has when it comes back
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        self._client.create_bucket(Bucket=BUCKET)
        for name in self.objects():  # moto keeps what an earlier server of this process held
            self.remove(name)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def setting(self) -> RawSetting:
        """`[store] raw` for a folder of the bucket."""
        return RawSetting(f"s3://{BUCKET}/raw/", S3Access(self.endpoint, "", lambda: KEYS))

    @property
    def _client(self) -> "boto3.client":
        quick = Config(retries={"max_attempts": 0})
        keys = {"aws_access_key_id": KEYS[0], "aws_secret_access_key": KEYS[1], "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.endpoint, config=quick, **keys)

    def objects(self) -> list[str]:
        """The names of all that lies there."""
        return [one["Key"] for one in self._client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def overwrite(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def remove(self, name: str) -> None:
        self._client.delete_object(Bucket=BUCKET, Key=name)

    def stop(self) -> None:
        """Go away; what it holds stays in this process."""
        self._server.stop()

    def start_again(self) -> None:
        """On the same port."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A running one; its port is given back at the end."""
    server = S3Server()
    try:
        yield server
    finally:
        server.stop()
