"""The agents' side of the demo: a desk at the daemon's store, with the functions that the command line calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailcase import config
from mailcase.desk.desk import Desk
from mailcase.policy_build import build_for_deciding
from mailcase.rules import Rules
from mailcase.store.raw.setting import raw_setting
from mailcase.store.store import Store


@contextmanager
def office(file: Path) -> Iterator[Desk]:
    """A desk by this configuration, beside the daemon; nothing of the caller's environment reaches it."""
    settings = config.load(file, environ={})
    rules = Rules.of(settings, build_for_deciding(settings))
    store = Store.open(settings.store.url, settings.state_dir, raw=raw_setting(settings))
    try:
        yield Desk(store, rules.bench)
    finally:
        store.close()
