"""The row of a case that no mail made: by hand, or split off another one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.ports import Judge
from mailcase.store import tables as t
from mailcase.store.numbers import next_running

_NOTHING: Final[Mapping[str, Any]] = {
    "assignee": "", "assignee_group": "", "organization": "", "closing_reason": "", "parent_id": None,
    "merged_into_id": None, "origin_pk": None, "first_kind": "", "version": 1, "support_level": 0,
    "expected_at": None, "first_response_at": None, "resolved_at": None, "closed_at": None, "status_before": "",
    "article": "", "solution": "", "description": "", "contact_id": None, "account_id": None,
}  # fmt: skip


def insert_case(conn: Connection, judge: Judge, values: Mapping[str, object], now: datetime) -> tuple[int, str]:
    """A case with the next number; returns running number and number."""
    running = next_running(conn)
    number = judge.number(running)
    row = {**_NOTHING, **values, "running": running, "number": number, "created_at": now, "updated_at": now}
    conn.execute(sa.insert(t.case), row)
    return running, number
