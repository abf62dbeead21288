"""What the store must know to find raw mail: `[store] raw` and, for S3, how to get in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.configuration.values import Secret


def _none() -> None:
    return None


@dataclass(frozen=True, slots=True)
class S3Access:
    """The server of a bucket. The keys are read when the first mail is put or read, not by every command."""

    endpoint: str = ""  # "": AWS
    region: str = ""
    keys: Callable[[], tuple[str, str] | None] = field(default=_none, repr=False)  # None: the machine's role


@dataclass(frozen=True, slots=True)
class RawSetting:
    """`[store] raw` with what goes with it."""

    raw: str = "store"
    s3: S3Access = S3Access()


def raw_setting(settings: "Settings") -> RawSetting:
    """From the configuration; a secret that cannot be read is a ConfigError of the first use."""
    store = settings.store

    def keys() -> tuple[str, str] | None:
        if store.s3_access_key is None or store.s3_secret_key is None:
            return None
        return _text(settings, store.s3_access_key), _text(settings, store.s3_secret_key)

    return RawSetting(store.raw, S3Access(store.s3_endpoint, store.s3_region, keys))


def _text(settings: "Settings", secret: "Secret") -> str:
    return settings.secret(secret).get_secret_value()
