"""Rows in every state come through every migration as they were, and work goes on with them (F42)."""

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from mailcase.store import migrate
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import NOW
from tests.contract.store_kit import settled_at_last

OUTCOMES: Final = (
    *("created", "linked", "reopened", "followed", "noted", "junk_case", "ignored", "duplicate", "quarantined"),
    None,  # journalled, not yet decided
)
STATES: Final = ("pending", "sending", "sent", "failed", "suppressed", "expired", "uncertain", "bounced")
STATUSES: Final = ("New", "In progress", "Waiting for response", "Resolved", "Reopened", "Closed", "Canceled")
_PLAIN: Final[dict[type, Any]] = {int: 1, str: "x", bool: False, datetime: NOW, bytes: b"mail", list: [], dict: {}}
Rows = dict[str, list[dict[str, Any]]]


def filled(table: sa.Table, number: int, **over: Any) -> dict[str, Any]:
    """A row with a value in each column that needs one, no two rows alike."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in over:
            row[column.name] = over[column.name]
        elif column.primary_key and isinstance(column.type, sa.Integer):
            row[column.name] = number
        elif not column.nullable and column.server_default is None:
            row[column.name] = _value(column, number)
    return row


def _value(column: sa.Column[Any], number: int) -> Any:
    try:
        kind = column.type.python_type
    except NotImplementedError:  # SQLite's JSON is reflected as such, PostgreSQL's too; whatever else is text
        kind = str
    if kind is str:
        return f"{column.name}{number}"
    return _PLAIN.get(kind, [])


def states_of(table: str) -> list[dict[str, Any]]:
    """What the rows of a table have beside what each column needs."""
    late = {"expires_at": NOW + timedelta(days=1), "next_attempt_at": NOW, "owner": "gone:1", "automatic": True}
    keys = [{"raw_sha256": "s", "attempts": 0, "folder": "INBOX", "key": f"1:{uid}"} for uid in range(99)]
    made: Rows = {
        "raw": [{"sha256": "s", "content": b"mail", "location": "", "purged_at": None}],
        "case": [{"status": status} for status in STATUSES],
        "delivery": [{"outcome": outcome, **key} for outcome, key in zip(OUTCOMES, keys, strict=False)],
        "outbox": [{"state": state, "to": f"{state}@x.example", **late} for state in STATES],
    }
    return made[table]


def old_rows(engine: sa.Engine) -> Rows:
    """A case of every status, a delivery of every outcome, an outbox row of every state, as far as there are tables."""
    tables = sa.MetaData()
    tables.reflect(engine)
    made: Rows = {}
    with engine.begin() as conn:
        for name in ("raw", "case", "delivery", "outbox"):
            if (table := tables.tables.get(name)) is not None:
                rows = [filled(table, at, **over) for at, over in enumerate(states_of(name), 1)]
                conn.execute(sa.insert(table), rows)
                found = conn.execute(sa.select(table).order_by(*table.primary_key))
                made[name] = [dict(row._mapping) for row in found]
    return made


def same(engine: sa.Engine, before: Rows) -> None:
    """Each column that was there holds what it held."""
    tables = sa.MetaData()
    tables.reflect(engine, only=tuple(before))
    with engine.connect() as conn:
        for name, rows in before.items():
            table = tables.tables[name]
            kept = [table.c[column] for column in rows[0] if column in table.c]
            assert len(kept) == len(rows[0]), f"{name} lost a column"
            found = [dict(row._mapping) for row in conn.execute(sa.select(*kept).order_by(*table.primary_key))]
            assert found == rows


def work_goes_on(store: Store) -> None:
    """What waited still waits, what left never leaves again, and what was under way is settled as after a crash."""
    assert [one.delivery.id for one in store.undecided(99)] == [OUTCOMES.index(None) + 1]
    assert [one["id"] for one in store.quarantine_list()] == [OUTCOMES.index("quarantined") + 1]
    assert [one.id for one in store.due(NOW, 99)] == [STATES.index("pending") + 1]
    assert settled_at_last(store, "me") == [(STATES.index("sending") + 1, "uncertain")]
    states = [one["state"] for one in store.outbox_list()]
    assert states == ["uncertain" if state == "sending" else state for state in STATES]


@pytest.mark.parametrize("schema", migrate.SCHEMAS[:-1])
def test_rows_in_every_state_survive_the_upgrade(schema: str, tmp_path: Path) -> None:
    upgraded(f"sqlite:///{tmp_path}/mailcase.db", schema, tmp_path)


@pytest.mark.postgres
def test_rows_in_every_state_survive_the_upgrade_of_postgresql(postgres_url: str, tmp_path: Path) -> None:
    upgraded(postgres_url, migrate.SCHEMAS[1], tmp_path)


@pytest.mark.postgres
def test_who_was_cut_off_while_the_store_was_upgraded_holds_no_fence_any_more(
    postgres_url: str, tmp_path: Path
) -> None:
    migrate._run(postgres_url, migrate.SCHEMAS[-2])
    engine = sa.create_engine(postgres_url)
    held = {"name": "mailbox:support", "fence": 5, "owner": "one", "since": NOW, "wants": []}
    with engine.begin() as conn:
        conn.execute(sa.insert(t.tenure).values(held))
    Store.upgrade(postgres_url, tmp_path)
    with engine.connect() as conn:
        assert conn.execute(sa.select(t.tenure.c.fence)).scalars().all() == [6]
    engine.dispose()


def upgraded(url: str, schema: str, folder: Path) -> None:
    """A store of that schema, filled, is brought up to date and opened."""
    migrate._run(url, schema)
    engine = sa.create_engine(url)
    try:
        before = old_rows(engine)
        Store.upgrade(url, folder)
        same(engine, before)
    finally:
        engine.dispose()
    with closing(Store.open(url, folder)) as store:
        assert store.used_statuses() == set(STATUSES)
        if "outbox" in before:
            work_goes_on(store)
