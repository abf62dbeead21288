"""A notice that cannot be written undoes nothing: the mail is decided, the act done, and the row says why (P1, P4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mailcase.errors import ConfigError, Permanent
from mailcase.life.happening import What
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.outbox.compose import Composer
from mailcase.outbox.compose_notice import NoticeComposer
from mailcase.store.store import Store
from tests.builders import make_cases
from tests.contract.notice_kit import JANE, Bureau

LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
QUOTING = merged([NoticeChange("customer_replied", quote=True), NoticeChange("registration", quote=True)])


def test_a_date_that_no_zone_reaches_is_quoted_all_the_same(store: Store) -> None:
    bureau = Bureau.of(store, notices=QUOTING, cases=make_cases(timezone="Europe/Berlin"))
    running = bureau.case(assignee=JANE)
    settled = bureau.post.write("erin", subject=f"Re: Printer [SR-{running}]", date=LAST_MOMENT, body="Again.")
    assert (settled.error, settled.outcome) == ("", "linked")
    (row,) = bureau.rows("customer_replied")
    assert (row.state, "On 9999-12-31 23:59 UTC" in row.text) == ("pending", True)
    bureau.post.write("frank", subject="Another", date=LAST_MOMENT, body="Mine too.")
    assert "On 9999-12-31 23:59 UTC" in bureau.rows("registration")[-1].text


@pytest.mark.parametrize("fault", [ValueError("broken"), ConfigError("no template"), Permanent("nobody can")])
def test_a_mail_is_decided_though_its_notices_cannot_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(assignee=JANE)
    _break(monkeypatch, fault)
    assert bureau.post.write("erin", subject=f"Re: Printer [SR-{running}]", body="Again.").outcome == "linked"
    assert bureau.post.write("frank", subject="Another", body="Mine too.").outcome == "created"
    rows = [row for kind in ("customer_replied", "registration") for row in bureau.rows(kind)[-1:]]
    assert [(row.state, row.reason, row.message_pk) for row in rows] == [("suppressed", "not_composed", None)] * 2
    assert all(str(fault) in row.last_error for row in rows)


def test_an_act_is_done_though_its_notice_cannot_be_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(status="Resolved")
    _break(monkeypatch, ValueError("broken"))
    assert bureau.tell(What.RESOLVED, running) == 0
    assert [row[2:] for row in bureau.told("resolved")] == [("suppressed", "not_composed")]


def test_rules_that_fail_undo_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = Bureau.of(store)
    running = bureau.case(assignee=JANE)
    monkeypatch.setattr("mailcase.bench.notices", _raising(ValueError("broken")))
    assert bureau.post.write("erin", subject=f"Re: Printer [SR-{running}]", body="Again.").outcome == "linked"
    assert bureau.told("customer_replied") == []


def _break(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    monkeypatch.setattr(Composer, "compose", _raising(fault))
    monkeypatch.setattr(NoticeComposer, "compose", _raising(fault))


def _raising(fault: Exception) -> Any:
    def fails(*_: object) -> None:
        raise fault

    return fails
