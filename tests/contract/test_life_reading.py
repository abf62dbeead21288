"""`case list` with each filter, and `case similar`; on both databases."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.cases.statuses import StatusKind
from mailcase.errors import Permanent
from mailcase.store import migrate
from mailcase.store import tables as t
from mailcase.store.life.search import has_words
from mailcase.store.store import Store
from tests.contract.reading_kit import KIM, change, notice, numbers, open_case, reply, running_of
from tests.contract.store_kit import LATER, NOW, STATUSES, Desk, mail
from tests.contract.test_store_upgrade import filled

FIRST, SECOND, THIRD = "SR-1", "SR-2", "SR-3"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def three(desk: Desk) -> Store:
    """Erin's printer (Kim's, active), Bob's invoice (nobody's, waiting), Carol's printer (closed)."""
    open_case(desk, "a", subject="Printer jams", text="Error E-17 on erin's dört printer", assignee=KIM.upper())
    open_case(
        desk,
        "b",
        subject="Invoice",
        text="Wrong sum: path /opt/bin",
        sender="bob@firm.example",
        status="Waiting for response",
        assignee_group="Billing",
        category="Request",
        organization="East",
    )
    open_case(
        desk,
        "c",
        subject="printer again",
        text="Still error 17",
        sender="carol@firm.example",
        status="Closed",
        mailbox="sales",
        organization="West",
    )
    with desk.store._engines.write() as conn:
        account = conn.execute(sa.insert(t.account).returning(t.account.c.id), {"name": "Firm", "created_at": NOW})
        conn.execute(sa.update(t.case).where(t.case.c.number == SECOND).values(account_id=account.scalar_one()))
    return desk.store


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [FIRST, SECOND, THIRD]),
    ({"status": "New"}, [FIRST]),
    ({"status": "waiting FOR response"}, [SECOND]),
    ({"kind": StatusKind.ACTIVE}, [FIRST]),
    ({"kind": StatusKind.PAUSED}, [SECOND]),
    ({"kind": StatusKind.RESOLVED}, []),
    ({"kind": StatusKind.FINAL}, [THIRD]),
    ({"assignee": KIM}, [FIRST]),
    ({"assignee": ""}, [SECOND, THIRD]),
    ({"group": "billing"}, [SECOND]),
    ({"group": ""}, [FIRST, THIRD]),
    ({"mailbox": "sales"}, [THIRD]),
    ({"contact": "bob@firm.example"}, [SECOND]),
    ({"account": "firm"}, [SECOND]),
    ({"category": "Request"}, [SECOND]),
    ({"text": "PRINTER"}, [FIRST, THIRD]),
    ({"text": "error printer"}, [FIRST, THIRD]),
    ({"text": "17 jams"}, [FIRST]),
    ({"text": "dört"}, [FIRST]),
    ({"text": "bin"}, [SECOND]),
    ({"text": "print"}, []),
    ({"last": 2}, [SECOND, THIRD]),
    ({"text": "printer", "last": 1}, [THIRD]),
    ({"text": "printer", "kind": StatusKind.ACTIVE, "assignee": KIM}, [FIRST]),
    ({"text": "printer", "category": "Request"}, []),
    ({"organizations": ("East",)}, [SECOND]),
    ({"organizations": ("East", "West")}, [SECOND, THIRD]),
    ({"organizations": ()}, [FIRST]),
]  # fmt: skip


def test_each_filter_and_all_of_them_together(three: Store) -> None:
    found = [(wanted, numbers(three, **wanted)) for wanted, _ in FILTERS]
    assert found == FILTERS


def test_a_status_that_the_configuration_lost_counts_as_active_as_everywhere(three: Store) -> None:
    change(three, SECOND, status="Parked")
    assert numbers(three, kind=StatusKind.ACTIVE) == [FIRST, SECOND]
    assert numbers(three, kind=StatusKind.PAUSED) == []


NOT_SYNTAX = [
    '"', "printer\"", "(printer", "printer OR", "NEAR(printer error)", "title : printer", "printer*", "^printer",
    "-printer", "printer -error", "printer & error", "printer | nothing", "!printer", "printer' OR 1=1 --", "a:b",
    "\x00printer", "{printer}", "+printer", "%", "printer%", "<printer>", "printer:*", "\\",
]  # fmt: skip


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_what_is_typed_is_never_query_syntax(three: Store) -> None:
    for text in NOT_SYNTAX:
        words = {"".join(filter(str.isalnum, one)).lower() for one in text.replace(":", " ").split()}
        if not words - {""}:
            with pytest.raises(Permanent, match="no word"):
                numbers(three, text=text)
            continue
        found = numbers(three, text=text)
        assert found in ([], [FIRST, THIRD]), text
        assert found or words - {"printer", "error", ""}, text
    assert numbers(three, text="printer | nothing") == []
    assert numbers(three, text="printer NOT error") == []


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"status": "Old"}, "there is no status Old; there are New, In progress"),
        ({"assignee": "x@y.example"}, f"there is no assignee x@y.example; there are {KIM}"),
        ({"group": "Nobody"}, "there is no group Nobody; there are Billing"),
        ({"mailbox": "none"}, "there is no mailbox none; there are sales, support"),
        ({"category": "None"}, "there is no category None; there are Incident, Request"),
        ({"account": "None"}, "there is no account None; there are Firm"),
        ({"contact": "x@y.example"}, "no contact has the address x@y.example"),
        ({"text": " .. "}, "has no word to look for"),
        ({"text": " ".join(map(str, range(99)))}, "99 words to look for; at most"),
    ],
)
def test_an_unknown_name_is_told_with_what_there_is(three: Store, wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(Permanent, match=told.replace("(", r"\(")):
        numbers(three, **wanted)


def test_unanswered_are_those_where_the_customer_wrote_last(desk: Desk) -> None:
    store = desk.store
    for name in ("a", "b", "c", "d", "e", "f"):
        open_case(desk, name)
    assert numbers(store, unanswered=True) == [f"SR-{at}" for at in range(1, 7)]  # an acknowledgement is no answer
    reply(store, "SR-1", LATER)
    reply(store, "SR-2", LATER)
    desk.receive(mail("b2", "b"), received_at=LATER + MINUTE)
    reply(store, "SR-3", LATER, state="failed")
    reply(store, "SR-4", LATER, audience="agent")
    change(store, "SR-5", status="Canceled")
    notice(store, "SR-6", LATER)
    assert numbers(store, unanswered=True) == ["SR-2", "SR-3", "SR-4", "SR-6"]
    # A reply that was read from the sent folder late stands where it was written (B16).
    desk.receive(mail("c2", "c"), received_at=LATER + 9 * MINUTE)
    reply(store, "SR-3", LATER + 5 * MINUTE)
    assert "SR-3" in numbers(store, unanswered=True)


def test_what_waits_for_an_agent_and_the_orders_of_a_list(desk: Desk) -> None:
    store = desk.store
    for name in ("a", "b", "c", "d", "e", "f"):
        open_case(desk, name)
    change(store, "SR-1", assignee=KIM, priority="Low")
    change(store, "SR-2", assignee="", assignee_group="Billing", priority="Critical")
    change(store, "SR-3", assignee="lee@helpdesk.example", assignee_group="Billing")
    change(store, "SR-4", assignee=KIM, status="Waiting for response")
    change(store, "SR-5", assignee="", assignee_group="Other")
    change(store, "SR-6", assignee=KIM.upper())
    reply(store, "SR-1", LATER)
    mine: Any = {"mine": KIM, "mine_of": ("Billing",)}
    assert numbers(store, **mine) == ["SR-2", "SR-6", "SR-1"]  # an answered one last
    assert numbers(store, **mine, sort="priority") == ["SR-2", "SR-6", "SR-1"]
    assert numbers(store, mine=KIM) == ["SR-6", "SR-1"]
    assert numbers(store, priority="Critical") == ["SR-2"]
    assert numbers(store, sort="priority") == ["SR-2", "SR-3", "SR-4", "SR-5", "SR-6", "SR-1"]
    desk.receive(mail("b2", "b"), received_at=LATER + MINUTE)
    assert numbers(store, sort="last-mail") == ["SR-1", "SR-3", "SR-4", "SR-5", "SR-6", "SR-2"]
    listed = {one["number"]: one["last_mail_at"] for one in store.case_list(STATUSES)}
    assert listed["SR-2"] == LATER + MINUTE


def test_open_tasks_of_all_cases(desk: Desk) -> None:
    store = desk.store
    for name in ("a", "b", "c"):
        open_case(desk, name)
    change(store, "SR-1", assignee=KIM, organization="East")
    change(store, "SR-3", status="Closed")
    rows = (
        ("SR-1", "for who has it", "", None, "open"), ("SR-1", "done", KIM, None, "finished"),
        ("SR-2", "late", KIM, LATER + MINUTE, "open"), ("SR-2", "first", "", LATER, "open"),
        ("SR-3", "left", KIM, None, "open"),
    )  # fmt: skip
    with store._engines.write() as conn:
        for number, title, assignee, due, state in rows:
            row = {
                "case_id": running_of(store, number), "title": title, "assignee": assignee, "due_at": due,
                "state": state, "result": "", "created_at": LATER, "created_by": KIM, "ended_at": None, "ended_by": "",
            }  # fmt: skip
            conn.execute(sa.insert(t.case_task), row)

    def told(*asked: Any) -> list[tuple[str, str, str]]:
        return [(one["case"], one["title"], one["assignee"]) for one in store.task_list(STATUSES, *asked)]

    first, late, mine = ("SR-2", "first", ""), ("SR-2", "late", KIM), ("SR-1", "for who has it", KIM)
    assert told() == [first, late, mine]
    assert (told(KIM), told("")) == ([late, mine], [first])
    assert told(None, ("East",)) == [mine]


def test_the_index_follows_what_a_case_says(three: Store) -> None:
    change(three, FIRST, title="Scanner", description="dark")
    assert (numbers(three, text="jams"), numbers(three, text="scanner dark")) == ([], [FIRST])
    with three._engines.read() as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("PRAGMA query_only=OFF")
            conn.exec_driver_sql("INSERT INTO case_search(case_search, rank) VALUES ('integrity-check', 1)")


def test_a_store_that_was_filled_before_is_found_by_its_words(url: str, tmp_path: Path, request: Any) -> None:
    if url.startswith("postgresql"):
        url = str(request.getfixturevalue("postgres_url"))
    migrate._run(migrate.absolute(url, tmp_path), "0005")
    engine = sa.create_engine(migrate.absolute(url, tmp_path))
    tables = sa.MetaData()
    tables.reflect(engine, only=("case",))
    with engine.begin() as conn:
        row = filled(tables.tables["case"], 1, title="Old printer", description="It jams", status="New")
        conn.execute(sa.insert(tables.tables["case"]), {**row, "number": FIRST})
    engine.dispose()
    Store.upgrade(url, tmp_path)
    store = Store.open(url, tmp_path)
    try:
        assert numbers(store, text="printer jams") == [FIRST]
    finally:
        store.close()


# --- similar ---


def test_similar_cases_are_those_of_group_and_category_with_the_nearest_words(desk: Desk) -> None:
    say = "The printer on floor three shows error seventeen and jams"
    asked = open_case(desk, "a", subject="Printer error", text=say)
    near = open_case(desk, "b", subject="Printer error", text="It jams on floor three", solution="Open the flap")
    far = open_case(desk, "c", subject="Coffee", text="The machine on the floor")
    open_case(desk, "d", subject="Holiday", text="Nobody there")
    open_case(desk, "e", subject="Printer error", text=say, category="Request")
    open_case(desk, "f", subject="Printer error", text=say, group_name="other")
    open_case(desk, "g", subject="Printer error", text=say, merged_into_id=1)
    junk = open_case(desk, "h", subject="Printer error", text=say)
    with desk.store._engines.write() as conn:
        mine = t.case_message.c.case_id == running_of(desk.store, junk)
        conn.execute(sa.update(t.case_message).where(mine).values(how="junk_case"))
    found = desk.store.case_similar(asked, STATUSES)
    assert [one["number"] for one in found] == [near, far]
    assert (found[0]["kind"], found[0]["solution"]) == ("active", "Open the flap")
    assert found[0]["nearness"] > found[1]["nearness"]
    assert [one["number"] for one in desk.store.case_similar(asked, STATUSES, 1)] == [near]
    with pytest.raises(Permanent, match="no case SR-99"):
        desk.store.case_similar("SR-99", STATUSES)


def test_similar_sees_only_the_organizations_of_who_looks(desk: Desk) -> None:
    for name, organization in (("a", "East"), ("b", "East"), ("c", "West")):
        open_case(desk, name, subject="Printer error", organization=organization)
    assert [one["number"] for one in desk.store.case_similar(FIRST, STATUSES)] == [THIRD, SECOND]
    assert [one["number"] for one in desk.store.case_similar(FIRST, STATUSES, 9, ("East",))] == [SECOND]
    with pytest.raises(Permanent, match="no case SR-3"):
        desk.store.case_similar(THIRD, STATUSES, 9, ("East",))


def test_a_case_without_words_is_like_none(desk: Desk) -> None:
    open_case(desk, "a", subject="?", text="!")
    open_case(desk, "b", subject="?", text="!")
    assert desk.store.case_similar(FIRST, STATUSES) == []


def test_words_are_looked_up_in_the_index(store: Store) -> None:
    with store._engines.read() as conn:
        lite = conn.dialect.name == "sqlite"
        asked = sa.select(t.case.c.running).where(has_words("printer jams", lite=lite))
        text = str(asked.compile(conn, compile_kwargs={"literal_binds": True}))
        if lite:
            plan = "\n".join(row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
        else:
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")  # an empty table is read faster as a whole
            plan = "\n".join(conn.exec_driver_sql(f"EXPLAIN {text}").scalars())
    assert ("VIRTUAL TABLE INDEX" if lite else "ix_case_search") in plan
