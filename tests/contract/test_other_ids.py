"""The Message-ID that a relay gave a mail of ours leads to it as its own does, on every store (decision 022)."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.store import aliases, load_messages, outbox_state
from mailcase.store import tables as t
from mailcase.store.store import Store
from tests.builders import make_linking, make_lookup
from tests.contract.other_ids_kit import CUSTOMER, OTHER, Office, told
from tests.contract.post import DESK, dump, letter
from tests.contract.store_kit import NOW
from tests.servers.letters import bounce_of

#: What no SQL of one database alone decides is tried on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


def test_an_answer_to_the_id_that_the_relay_told_joins_the_case(office: Office) -> None:
    office.leave(OTHER)
    answer = office.answer(OTHER)
    assert told(answer) == ("linked", "thread", "SR-1")
    assert office.known() == [(office.ack, OTHER, "relay")]
    result, evidence = office.trace(answer, "thread")
    assert result == "SR-1"
    assert f"In-Reply-To {OTHER} is our mail {office.ack} under the id that a relay gave it, taken in at" in evidence
    assert office.store.message_show(answer.delivery_id)["sender_unverified"] is False


def test_it_is_the_mail_that_left_in_its_group_alone(office: Office) -> None:
    office.leave(OTHER)
    ask: dict[str, Any] = {"thread_ids": (OTHER,), "carried_ids": (office.ack,)}
    found = office.store.snapshot(make_lookup(**ask), NOW).messages
    assert found[OTHER] == found[office.ack]
    assert [(one.message_id, one.direction, one.cases) for one in found[OTHER]] == [(office.ack, "out", (1,))]
    assert not office.store.snapshot(make_lookup(group="sales", groups=("sales",), **ask), NOW).messages
    both = make_lookup(group="sales", groups=("sales", "default"), **ask)  # link_across_groups
    assert office.store.snapshot(both, NOW).messages == found


def test_a_stranger_who_knows_it_is_a_stranger(store: Store) -> None:
    office = Office(store, linking=make_linking(strangers="new_case"))
    office.leave(OTHER)
    assert told(office.answer(OTHER, sender="eve@else.example")) == ("created", "stranger", "SR-2")


def test_it_is_written_with_the_word_that_the_mail_left_or_not_at_all(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(outbox_state, "finish", crash)
    with pytest.raises(MemoryError):
        office.leave(OTHER)
    assert ([one["state"] for one in office.store.outbox_list()], office.known()) == (["sending"], [])
    monkeypatch.undo()
    row = office.store.outbox_list()[0]["id"]
    monkeypatch.setattr(aliases, "insert_new", crash)
    with pytest.raises(MemoryError):
        office.store.finish(row, "sent", office.at, ids=(OTHER,))
    assert ([one["state"] for one in office.store.outbox_list()], office.known()) == (["sending"], [])


def test_each_try_for_a_group_may_teach_one_and_what_is_taken_back_leaves_none(office: Office) -> None:
    (row,) = office.store.due(office.at, 9)
    office.store.claim(row.id, "me", office.at)
    office.store.partly(row.id, office.at, [CUSTOMER], ids=("<one@x>",))
    office.leave("<two@x>")
    assert [other for _, other, _ in office.known()] == ["<one@x>", "<two@x>"]
    with office.store._engines.write() as conn:
        pk = conn.execute(sa.select(t.outbox.c.message_pk)).scalar_one()
        conn.execute(sa.update(t.outbox).values(message_pk=None))
        outbox_state.take_back(conn, row.id, pk, "condition_gone")
    assert office.known() == []


def test_no_other_mails_id_is_taken_and_one_told_of_two_names_neither(office: Office) -> None:
    office.write(2)
    row = office.leave("<m2@visitor.example>", OTHER)
    office.store.finish(row, "sent", office.at, ids=(OTHER,))  # the same once more changes nothing
    assert office.known() == [(office.ack, OTHER, "relay")]
    office.leave(OTHER, "<third@x>", case="SR-2")
    office.store.finish(row, "sent", office.at, ids=(OTHER,))
    assert office.known() == [(office.ours("SR-2"), "<third@x>", "relay")]
    assert told(office.answer(OTHER))[:2] == ("created", "new_case")


def test_at_most_five_are_kept_of_a_mail(office: Office) -> None:
    row = office.leave("<0@x>", "<1@x>")
    for n in range(2, 9):
        office.store.finish(row, "sent", office.at, ids=(f"<{n}@x>",))
    assert [other for _, other, _ in office.known()] == [f"<{n}@x>" for n in range(5)]


def test_a_mail_that_has_the_id_itself_goes_before(office: Office) -> None:
    office.leave(OTHER)
    own = office.write("own", sender="c2@visitor.example", message_id=OTHER, subject="Mine")
    assert told(own) == ("created", "new_case", "SR-2")
    assert told(office.answer(OTHER, sender="c2@visitor.example")) == ("linked", "thread", "SR-2")


@pytest.mark.parametrize("told_first", [True, False])
def test_our_own_mail_that_came_back_under_it_hides_nothing(office: Office, told_first: bool) -> None:
    if told_first:
        office.leave(OTHER)
    back = letter("back", sender=DESK, message_id=OTHER, date=office.at, X_Helpdesk_Loop=office.mark)
    assert told(office.deliver(back)) == ("ignored", "own_mail", None)
    if not told_first:
        office.leave(OTHER)
    assert told(office.answer(OTHER)) == ("linked", "thread", "SR-1")


def test_a_report_that_names_it_alone_is_a_report_on_our_mail(office: Office) -> None:
    office.leave(OTHER)
    report = office.deliver(bounce_of(OTHER, CUSTOMER, date=office.at))
    assert told(report) == ("noted", "thread", "SR-1")
    assert [one["state"] for one in office.store.outbox_list()] == ["bounced"]
    evidence = office.trace(report, "reported mail")[1]
    assert evidence == f"reports our mail {office.ack}, which a relay named {OTHER}"


def test_only_ids_that_no_stored_mail_has_are_asked_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.leave(OTHER)
    asked: list[int] = []
    statement = load_messages._renamed_statement

    def counted(ids: int, groups: int) -> Any:
        asked.append(ids)
        return statement(ids, groups)

    monkeypatch.setattr(load_messages, "_renamed_statement", counted)
    office.write("n")
    office.answer("<m1@visitor.example>", office.ack)
    assert asked == []
    office.answer(OTHER, "<x@x>", office.ack, name="a2")
    assert asked == [2]


@ON_SQLITE
def test_it_is_found_by_the_key_of_its_table(office: Office) -> None:
    places = {"group_0": "default", "id_0": OTHER, "id_1": OTHER}
    statement = load_messages._renamed_statement(2, 1).statement.params(places)
    text = str(statement.compile(dialect=office.store._engines.reader.dialect))
    with office.store._engines.read() as conn:
        steps = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("x",) * text.count("?"))]
    assert any(
        "message_alias USING INDEX sqlite_autoindex_message_alias_1 (group_name=? AND msgid=?)" in one for one in steps
    )
    assert not [one for one in steps if one.startswith("SCAN")]


def test_the_case_shows_it_and_so_does_what_is_told_to_the_person(office: Office) -> None:
    office.leave(OTHER)
    shown = [(one["message_id"], one["other_ids"]) for one in office.case("SR-1")["messages"]]
    assert shown == [("<m1@visitor.example>", []), (office.ack, [OTHER])]
    exported = office.store.export_contact(CUSTOMER)["messages"]
    assert [(one["message_id"], one["other_ids"]) for one in exported] == shown


def test_a_person_who_is_erased_takes_it_along(office: Office) -> None:
    row = office.leave(OTHER)
    office.store.forget(CUSTOMER, b"k" * 32, office.at, "agent@helpdesk.example")
    assert office.known() == []
    office.store.finish(row, "sent", office.at, ids=(OTHER,))  # the relay's word comes late
    assert office.known() == []
    assert OTHER not in repr(dump(office.store))
    assert told(office.answer(OTHER)) == ("created", "new_case", "SR-2")
