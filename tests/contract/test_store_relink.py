"""Putting a mail on another case, and back: links, later replies, participants, and what is refused."""

from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.message import Wish
from mailcase.store import tables as t
from mailcase.store.relink import Wanted
from mailcase.store.store import Store
from tests.contract.post import DESK, Post, dump

AGENT = "agent@helpdesk.example"
#: What no SQL of one database alone decides is tried on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])


@pytest.fixture
def post(store: Store) -> Post:
    """SR-1 of customer 1 and SR-2 of customer 2; m3 was put on SR-1 by the number in its subject."""
    made = Post(store)
    made.write(1, subject="Printer")
    made.write(2, subject="Screen")
    assert made.write(3, subject="Mouse [SR-1]").case == "SR-1"
    return made


def relink(post: Post, delivery: int, number: str, **over: Any) -> dict[str, Any]:
    wanted = {"own_keys": frozenset({DESK}), "across_groups": False, **over}
    return post.store.relink(Wanted(delivery, number, AGENT, **wanted), post.at)


def test_the_mail_stands_on_the_other_case_with_the_history_of_both(post: Post) -> None:
    assert relink(post, 3, "SR-2") == {
        "id": 3, "from": "SR-1", "to": "SR-2", "answers": 0, "left": 2, "from_status": "New",
        "pending": [],
    }  # fmt: skip
    assert (post.mails("SR-1"), post.mails("SR-2")) == (["Printer", "→"], ["Screen", "→", "Mouse [SR-1]"])
    shown = post.store.message_show(3)
    assert (shown["outcome"], shown["linked_by"], shown["case"], shown["cases"]) == (
        "linked",
        "manual",
        "SR-2",
        ["SR-2"],
    )
    assert (shown["sender_unverified"], shown["trace"][0]["test"], shown["trace"][0]["result"]) == (
        False,
        "by hand",
        "SR-2",
    )
    assert [one["case"] for one in shown["history"]] == ["SR-1"]
    for number in ("SR-1", "SR-2"):
        event = post.case(number)["events"][-1]
        assert (event["event"], event["actor"]) == ("relinked", AGENT)
        assert event["data"] == {"mail": 3, "from": "SR-1", "to": "SR-2"}


@ON_SQLITE
def test_a_duplicate_names_the_mail_and_the_case_where_that_stands(post: Post) -> None:
    (line,) = (one for one in _copy_of(post, 2)["trace"] if one["test"] == "same mail")
    assert "are those of mail 2 (SR-2), taken in at " in line["evidence"]


def _copy_of(post: Post, delivery: int) -> dict[str, Any]:
    """The very same octets come again."""
    again = post.deliver(post.store.raw(post.store.delivery(delivery, Wish()).sha256))
    assert again.outcome == "duplicate"
    return post.store.message_show(again.delivery_id)


@ON_SQLITE
def test_later_replies_follow_the_mail(post: Post) -> None:
    relink(post, 3, "SR-2")
    reply = post.write("3b", sender="c3@visitor.example", subject="Re: Mouse", In_Reply_To="<m3@visitor.example>")
    assert (reply.outcome, reply.case) == ("linked", "SR-2")
    assert post.store.message_show(reply.delivery_id)["sender_unverified"] is False


@ON_SQLITE
def test_a_reply_that_cites_our_mark_further_back_follows_it_too(post: Post) -> None:
    ours = post.ours("SR-1")
    asked = post.write("1b", sender="c1@visitor.example", subject="Another thing", In_Reply_To=ours)
    assert asked.case == "SR-1"
    relink(post, asked.delivery_id, "SR-2")
    chain = f"{ours} <m1b@visitor.example>"
    reply = post.write("1c", sender="c1@visitor.example", In_Reply_To="<m1b@visitor.example>", References=chain)
    assert reply.case == "SR-2"
    again = post.write("1d", sender="c1@visitor.example", In_Reply_To=ours)
    assert again.case == "SR-1"  # an answer to our mail on SR-1 still is one


def test_our_acknowledgement_goes_with_the_mail_that_made_the_case(post: Post) -> None:
    ours = post.ours("SR-2")
    done = relink(post, 2, "SR-1")
    assert (done["answers"], done["left"], post.mails("SR-2")) == (1, 0, [])
    reply = post.write("2b", sender="c2@visitor.example", subject="Re: Screen", In_Reply_To=ours)
    assert (reply.outcome, reply.case) == ("linked", "SR-1")
    assert post.case("SR-2")["status"] == "New"


def test_undo_restores_exactly_what_was(post: Post) -> None:
    names = ("case_message", "message", "case_participant", "delivery")
    before = {name: rows for name, rows in dump(post.store).items() if name in names}
    relink(post, 2, "SR-1")
    assert {name: rows for name, rows in dump(post.store).items() if name in names} != before
    undone = post.store.undo_relink(2, post.at, AGENT)
    assert (undone["from"], undone["to"]) == ("SR-1", "SR-2")
    assert {name: rows for name, rows in dump(post.store).items() if name in names} == before
    shown = post.store.message_show(2)
    assert (shown["outcome"], shown["trace"][-1]["result"], len(shown["history"])) == ("created", "undone", 2)
    with pytest.raises(Permanent, match="nothing to undo"):
        post.store.undo_relink(2, post.at, AGENT)


@ON_SQLITE
def test_relinkings_are_undone_newest_first(post: Post) -> None:
    post.write(4, subject="Fourth")
    relink(post, 3, "SR-2")
    relink(post, 3, "SR-3")
    seen = []
    for _ in range(2):
        post.store.undo_relink(3, post.at, AGENT)
        seen.append(post.store.message_show(3)["cases"])
    assert seen == [["SR-2"], ["SR-1"]]


@ON_SQLITE
def test_what_changed_since_is_not_undone(post: Post) -> None:
    relink(post, 3, "SR-2")
    with post.store._engines.write() as conn:
        conn.execute(sa.update(t.delivery).where(t.delivery.c.id == 3).values(outcome="noted"))
    with pytest.raises(Permanent, match="changed since"):
        post.store.undo_relink(3, post.at, AGENT)


def test_a_mail_shown_on_the_other_case_stands_there_once(post: Post) -> None:
    post.set("SR-1", "Closed")
    followed = post.write("1b", sender="c1@visitor.example", In_Reply_To="<m1@visitor.example>")
    assert followed.outcome == "followed"
    relink(post, followed.delivery_id, "SR-1")
    assert post.mails("SR-1").count("Problem 1b") == 1
    assert post.store.message_show(followed.delivery_id)["cases"] == ["SR-1"]
    post.store.undo_relink(followed.delivery_id, post.at, AGENT)
    assert post.store.message_show(followed.delivery_id)["cases"] == ["SR-1", "SR-3"]


@ON_SQLITE
def test_of_a_duplicate_the_first_mail_is_moved(post: Post) -> None:
    again = post.write(3, subject="Mouse [SR-1]", date=post.at)
    same = post.deliver(post.store.raw(post.store.delivery(3).sha256))
    assert (again.outcome, same.outcome) == ("linked", "duplicate")
    assert relink(post, same.delivery_id, "SR-2")["id"] == 3
    assert post.store.message_show(same.delivery_id)["outcome"] == "duplicate"


@ON_SQLITE
def test_what_cannot_be_relinked_says_what_to_do(post: Post) -> None:
    ignored = post.write("x", to="other@helpdesk.example").delivery_id
    waiting = post.store.journal([_arrival(post)], None)[0].delivery.id
    other = post.store.journal([_arrival(post, "2:2")], None)[0].delivery.id
    post.store.quarantine(other, "broken", post.at)
    for delivery, number, says in (
        (99, "SR-2", "there is no message 99"),
        (3, "SR-9", "there is no case SR-9"),
        (3, "SR-1", "stands on SR-1 already"),
        (ignored, "SR-2", f"message accept {ignored} --case"),
        (waiting, "SR-2", "not decided yet"),
        (other, "SR-2", f"quarantine retry {other}"),
    ):
        with pytest.raises(Permanent, match=says):
            relink(post, delivery, number)


def test_a_case_of_another_group_or_merged_is_refused(post: Post) -> None:
    with post.store._engines.write() as conn:
        conn.execute(sa.update(t.case).where(t.case.c.number == "SR-2").values(group_name="sales"))
    with pytest.raises(Permanent, match="link_across_groups = true"):
        relink(post, 3, "SR-2")
    assert relink(post, 3, "SR-2", across_groups=True)["to"] == "SR-2"
    with post.store._engines.write() as conn:
        conn.execute(sa.update(t.case).where(t.case.c.number == "SR-1").values(merged_into_id=2))
    with pytest.raises(Permanent, match="merged into SR-2"):
        relink(post, 2, "SR-1", across_groups=True)


def _arrival(post: Post, key: str = "2:1") -> Any:
    from tests.contract.store_kit import arrival

    return arrival(key, b"From: a@x\n\nwaits", received_at=post.at)
