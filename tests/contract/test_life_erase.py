"""Forgetting a person takes what agents left on his cases; retention leaves files of cases (GDPR)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.contract.post import dump
from tests.contract.reading_kit import KIM, event, file, notice, numbers, open_case, reply
from tests.contract.store_kit import CUSTOMER, LATER, NOW, Desk, case, mail
from tests.contract.test_retention import FINAL, age

KEY = b"k" * 32
FIRST, SECOND = "SR-1", "SR-2"

EDITED = ("title", "from_title", "description", "from_description")


@pytest.fixture
def left(desk: Desk) -> Store:
    """The customer's case with all that acts leave, and another one's with some of it."""
    store = desk.store
    open_case(
        desk,
        "a",
        subject="secretive",
        text="a secretpassage",
        solution="secret flap",
        article="secret link",
        closing_reason="secret reason",
    )
    open_case(desk, "b", subject="Other", text="Another", sender="bob@firm.example")
    for number, word in ((FIRST, "secret"), (SECOND, "kept")):
        event(store, number, "note", text=f"{word} note")
        event(
            store, number, "status", NOW, KIM, **{"from": "New", "to": "Resolved", "act": "resolve", "solution": word}
        )
        event(store, number, "task_finished", task=1, title=f"{word} task", result=f"{word} result")
        event(store, number, "file_attached", name=f"{word}.txt", size=3)
        changed: dict[str, Any] = dict.fromkeys(EDITED, f"{word} words")
        event(store, number, "edited", **changed)
        row = {
            "case_id": int(number[3:]),
            "title": f"{word} task",
            "state": "finished",
            "created_at": NOW,
            "created_by": KIM,
            "result": f"{word} result",
            "assignee": "",
            "ended_by": KIM,
        }
        with store._engines.write() as conn:
            conn.execute(sa.insert(t.case_task), row)
        file(store, number, f"{word} bytes".encode(), f"{word}.txt")
    reply(store, FIRST, LATER, audience="agent", state="sent")
    notice(store, FIRST, LATER + timedelta(minutes=1))
    return store


def forget(store: Store, key: str = CUSTOMER) -> None:
    store.forget(key, KEY, LATER, KIM)


def test_nothing_that_agents_wrote_about_him_is_left_and_others_keep_theirs(left: Store) -> None:
    assert "secret" in repr(dump(left))
    forget(left)
    rows = repr(dump(left))
    assert "secret" not in rows
    assert all(f"kept {what}" in rows for what in ("note", "task", "result", "bytes"))
    assert "kept.txt" in rows


def test_the_case_still_tells_what_was_done_and_what_waits_is_not_sent(left: Store, desk: Desk) -> None:
    forget(left)
    shown = case(desk)
    assert [one["event"] for one in shown["events"]] == [
        "created", "note", "status", "task_finished", "file_attached", "edited", "contact_erased",
    ]  # fmt: skip
    assert shown["events"][2]["data"] == {"from": "New", "to": "Resolved", "act": "resolve", "solution": "erased"}
    assert (shown["solution"], shown["article"], shown["closing_reason"]) == ("", "", "erased")
    assert [(one["title"], one["result"], one["state"]) for one in shown["tasks"]] == [("erased", "", "finished")]
    assert shown["files"] == []
    (waiting,) = (one for one in shown["notices"] if one["to"] == KIM)
    assert (waiting["state"], waiting["reason"], waiting["subject"]) == ("suppressed", "erased", "")


def test_a_files_bytes_go_unless_another_case_or_a_mail_has_the_same(left: Store, desk: Desk) -> None:
    shared = file(left, FIRST, b"shared", "secret1.txt")
    file(left, SECOND, b"shared", "kept1.txt")
    mine = file(left, FIRST, b"mine alone", "secret2.txt")
    of_a_mail = file(left, FIRST, b"mail of bob", "secret3.txt")
    desk.receive(mail("z", sender="bob@firm.example", sha256=of_a_mail), raw=b"mail of bob")
    forget(left)
    with left._engines.read() as conn:
        places = {one: left._raw.find(conn, one) for one in (shared, mine, of_a_mail)}
    assert left._raw.read(places[shared]) == b"shared"
    with pytest.raises(Permanent, match="removed"):
        left._raw.read(places[mine])
    assert left._raw.read(places[of_a_mail]) == b"mail of bob"
    forget(left, "bob@firm.example")
    with left._engines.read() as conn, pytest.raises(Permanent, match="removed"):
        left._raw.read(left._raw.find(conn, shared))


def test_a_file_that_was_sent_to_him_on_another_ones_case_goes(left: Store) -> None:
    pk = reply(left, SECOND, LATER)
    to_him = {"recipients": [{"field": "to", "name": "", "address": CUSTOMER, "key": CUSTOMER}]}
    with left._engines.write() as conn:
        conn.execute(sa.update(t.message).where(t.message.c.id == pk).values(to_him))
        conn.execute(sa.insert(t.case_participant), {"case_id": 2, "key": CUSTOMER})
    sent = file(left, SECOND, b"sent to him", "secret4.txt", message=pk)
    forget(left)
    with left._engines.read() as conn, pytest.raises(Permanent, match="removed"):
        left._raw.read(left._raw.find(conn, sent))
    assert "secret4" not in repr(dump(left))


def test_what_agents_were_told_of_him_on_another_ones_case_goes(left: Store, desk: Desk) -> None:
    desk.receive(mail("c", "b"))  # he wrote on Bob's case
    states = {"left": "sent", "waits": "pending", "names him": "pending"}
    for minute, (name, state) in enumerate(states.items()):
        notice(left, SECOND, LATER + timedelta(hours=1, minutes=minute), state=state, told=name)
    with left._engines.write() as conn:
        named = t.outbox.c.text == "names him"
        conn.execute(sa.update(t.outbox).where(named).values(text=f"{CUSTOMER} wrote"))
    forget(left)
    with left._engines.read() as conn:
        mine = sa.select(t.outbox.c.state, t.outbox.c.text).where(
            t.outbox.c.case_id == 2, t.outbox.c.audience == "agent"
        )
        rows = [tuple(row) for row in conn.execute(mine.order_by(t.outbox.c.id))]
    assert rows == [("sent", ""), ("pending", "waits"), ("suppressed", "")]


def test_the_export_has_what_agents_wrote_of_his_cases_alone(left: Store) -> None:
    data = left.export_contact(CUSTOMER)
    assert [one["event"] for one in data["notes"]] == [
        "note", "status", "task_finished", "file_attached", "edited",
    ]  # fmt: skip
    assert ([one["title"] for one in data["tasks"]], [one["name"] for one in data["files"]]) == (
        ["secret task"], ["secret.txt"],
    )  # fmt: skip
    assert (data["cases"][0]["solution"], data["cases"][0]["article"]) == ("secret flap", "secret link")
    assert "kept" not in repr(data)


def test_words_that_were_erased_are_not_found_any_more(left: Store) -> None:
    assert numbers(left, text="secretpassage") == [FIRST]
    forget(left)
    assert numbers(left, text="secretpassage") == []
    assert numbers(left, text="another") == [SECOND]
    assert left.compact(vacuum=True)
    assert numbers(left, text="another") == [SECOND]


@pytest.mark.parametrize("vacuum", [True, False])
@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_a_word_that_was_erased_is_nowhere_in_the_files(desk: Desk, tmp_path: Path, *, vacuum: bool) -> None:
    open_case(desk, "a", subject="hello", text="zeppelinfahrt")
    for number in range(5):
        open_case(desk, f"m{number}", subject="filler", text="more words", sender=f"c{number}@firm.example")
    forget(desk.store)
    assert desk.store.compact(vacuum=vacuum)
    whole = b"".join(one.read_bytes() for one in tmp_path.rglob("mailcase.db*"))
    assert b"zeppelin" not in whole
    assert b"filler" in whole


def test_retention_leaves_the_bytes_of_a_case_s_file(desk: Desk) -> None:
    store = desk.store
    open_case(desk, "a", status="Closed")
    kept = file(store, FIRST, b"mail")  # the bytes of the mail itself, put on the case as a file
    age(store, 400)
    now = utcnow()  # as `journalled_at` has it, which is no date of ours
    before = now - timedelta(days=30)
    assert store.expired_raw(before, FINAL, 0).hashes == (kept,)
    assert store.purge_raw((kept,), before, FINAL, now) == 0
    assert store.raw(kept) == b"mail"
    with store._engines.write() as conn:
        conn.execute(sa.delete(t.case_file))
    assert store.purge_raw((kept,), before, FINAL, now) == 1
