"""Deciding the past again: unchanged rules find no difference in a long history, changed ones exactly theirs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.bench import Bench
from mailcase.cases.numbers import Mask
from mailcase.intake.parse import read
from mailcase.intake.reader import ReadFailure
from mailcase.message import Email
from mailcase.outbox.compose import Composer
from mailcase.policy import Policy
from mailcase.replaying import Replayed, replay
from mailcase.store import tables as t
from mailcase.store.relink import Wanted
from mailcase.store.store import Store
from tests.builders import make_cases, make_junk, make_linking
from tests.contract.post import DESK, Post, dump, policy, templates
from tests.servers.letters import bounce_of, letter

AGENT = "agent@helpdesk.example"
#: What no SQL of one database alone decides is tried on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])


async def again(store: Store, rules: Policy, since: datetime, mailbox: str | None = None) -> Replayed:
    return await replay(store, Bench(rules, Composer(rules, templates())), since, mailbox, read_here)


async def read_here(raws: Sequence[bytes]) -> list[Email | ReadFailure]:
    return [read(raw) for raw in raws]


def told(found: Replayed) -> dict[int, tuple[Any, ...]]:
    return {one.id: (_side(one.was), _side(one.would)) for one in found.differences}


def _side(side: dict[str, Any]) -> tuple[Any, ...]:
    return (side["outcome"], side["reason"], side["case"])


class History:
    """Some 15 mails a round with what people did in between, told to a Post."""

    def __init__(self, post: Post) -> None:
        self.post, self.middle = post, post.at

    def tell(self, rounds: int) -> "History":
        for one in range(rounds):
            if one == rounds - 3:
                self.post.at += timedelta(hours=3)
                self.middle = self.post.at
                self._move_an_early_mail()
            self._round(one)
        return self

    def _move_an_early_mail(self) -> None:
        """An answer before and one behind it: what stood where at the middle is not what stands there now."""
        answer = {"sender": "stranger0@visitor.example", "In_Reply_To": "<m0-d@visitor.example>"}
        self.post.write("before", subject="Re: Screen", **answer)
        (early,) = (
            one["id"] for one in self.post.store.message_list() if one["message_id"] == "<m0-d@visitor.example>"
        )
        self._relink(early, "SR-3")
        self.post.write("behind", subject="Re: Screen", **answer)

    def _round(self, n: int) -> None:
        """What 14 mails or so bring: every outcome there is, and every act of a person."""
        post, who = self.post, f"c{n}@visitor.example"
        first = post.write(f"{n}-a", sender=who, subject=f"Printer {n}")
        number = str(first.case)
        ours = post.ours(number)
        post.write(f"{n}-b", sender=who, subject="Re: Printer", In_Reply_To=f"<m{n}-a@visitor.example>")
        post.deliver(post.store.raw(post.store.delivery(first.delivery_id).sha256))  # the same again
        post.set(number, "Resolved")
        post.write(f"{n}-c", sender=who, subject="Re: Printer", In_Reply_To=ours)  # reopens
        post.write(f"{n}-d", sender=f"stranger{n}@visitor.example", subject=f"Screen [{number}]")
        post.write(f"{n}-e", sender=f"shop{n}@shop.example", subject="Your order", Precedence="bulk")
        post.deliver(bounce_of(ours, who))
        post.write(f"{n}-f", sender="spam@bad.example", subject="Buy")
        post.write(f"{n}-g", sender=who, to="other@helpdesk.example", subject="Not for us")
        if n:  # a case of the round before was open then, and is closed now
            late = post.write(
                f"{n}-q", sender=f"d{n - 1}.0@visitor.example", In_Reply_To=f"<m{n - 1}-j0@visitor.example>"
            )
            post.set(str(late.case), "Closed")
        post.set(number, "Closed")
        post.write(f"{n}-h", sender=who, subject="Once more", In_Reply_To=f"<m{n}-b@visitor.example>")  # follows
        away = post.write(f"{n}-i", sender=who, subject="Away", In_Reply_To=ours, Auto_Submitted="auto-replied")
        assert away.outcome == "noted"
        for mail in range(3):
            post.write(f"{n}-j{mail}", sender=f"d{n}.{mail}@visitor.example", subject=f"Question {n}.{mail}")
        if n % 5 == 1:
            self._acts(n)

    def _acts(self, n: int) -> None:
        """A junk mail accepted, a mail relinked, and one relinked and put back; replies to each."""
        post, who = self.post, f"c{n}@visitor.example"
        junk = post.write(f"{n}-k", sender="spam@bad.example", subject="No spam")
        post.accept(junk.delivery_id)
        post.write(f"{n}-l", sender="spam@bad.example", subject="Re: No spam", In_Reply_To=f"<m{n}-k@visitor.example>")
        moved, back = (post.write(f"{n}-{x}", sender=who, subject=f"Wrong {x} {n} [SR-2]") for x in "mn")
        for one in (moved, back):
            self._relink(one.delivery_id, "SR-3")
        post.write(f"{n}-o", sender=who, subject="Re: Wrong", In_Reply_To=f"<m{n}-m@visitor.example>")
        post.at += timedelta(minutes=1)
        post.store.undo_relink(back.delivery_id, post.at, AGENT)
        post.write(f"{n}-p", sender=who, subject="Re: Wrong", In_Reply_To=f"<m{n}-n@visitor.example>")

    def _relink(self, delivery: int, number: str) -> None:
        self.post.at += timedelta(minutes=1)
        wanted = Wanted(delivery, number, AGENT, frozenset({DESK}), across_groups=False)
        self.post.store.relink(wanted, self.post.at)


BLACK = "spam@bad.example"


async def test_unchanged_rules_find_no_difference_and_changed_ones_exactly_theirs(store: Store) -> None:
    rules = policy(junk=make_junk(blacklist=BLACK))
    post = Post(store, rules)
    start = post.at
    rounds = 15 if store._engines.writer.dialect.name == "sqlite" else 5
    history = History(post).tell(rounds)
    before = dump(store)
    whole = await again(store, rules, start)
    assert (whole.mails >= 14 * rounds, told(whole), whole.left_out) == (True, {}, {})
    part = await again(store, rules, history.middle)
    assert (60 > part.mails > 40, told(part), part.left_out) == (True, {}, {})
    await _changed_rules(store, rules, history)
    assert dump(store) == before  # and nothing was written


async def _changed_rules(store: Store, rules: Policy, history: History) -> None:
    shown = {one["id"]: one for one in store.message_list()}
    late = {one for one in shown if store.delivery(one).delivery.received_at > history.middle}

    other = replace(rules, junk=make_junk(), linking=make_linking(strangers="new_case"))
    found = await again(store, other, history.middle)
    spam = {one for one in late if shown[one]["subject"] == "Buy"}
    strangers = {one for one in late if "stranger" in shown[one]["from"]}
    assert {one.id for one in found.differences} == spam | strangers
    assert {_side(one.would) for one in found.differences if one.id in strangers} == {
        ("created", "stranger", "a new case")
    }
    assert {one.was["reason"] for one in found.differences if one.id in spam} == {"blacklisted"}

    masked = await again(store, replace(rules, cases=make_cases(mask=Mask.parse("HD-{0}"))), history.middle)
    numbered = {one for one in late if "[SR-" in shown[one]["subject"] and shown[one]["linked_by"] == "subject"}
    assert {one.id for one in masked.differences if one.was["linked_by"] == "subject"} == numbered


@ON_SQLITE
async def test_a_new_line_on_the_blacklist_takes_the_answers_along(store: Store) -> None:
    post = Post(store)
    start = post.at
    post.write(1, sender="a@bad.example")
    post.write(2, sender="a@bad.example", In_Reply_To=post.ours("SR-1"))
    post.write(3, sender="b@good.example", In_Reply_To="<m1@visitor.example>")
    found = await again(store, policy(junk=make_junk(blacklist="bad.example")), start)
    assert told(found) == {
        1: (("created", "new_case", "SR-1"), ("ignored", "blacklisted", None)),
        2: (("linked", "token", "SR-1"), ("ignored", "blacklisted", None)),
        3: (("linked", "thread", "SR-1"), ("created", "new_case", "a new case")),
    }


@ON_SQLITE
async def test_mail_whose_bytes_are_gone_stays_as_it_is_and_is_named(store: Store) -> None:
    post = Post(store)
    start = post.at
    post.write(1)
    post.write(2, sender="c1@visitor.example", In_Reply_To="<m1@visitor.example>")
    with store._engines.write() as conn:
        store._raw.remove(conn, [store.delivery(1).sha256], post.at)
    found = await again(store, policy(), start)
    assert (told(found), list(found.left_out), found.mails) == ({}, [1], 1)
    assert "removed" in found.left_out[1]


@ON_SQLITE
async def test_mail_that_went_to_quarantine_and_mail_of_an_unknown_mailbox(store: Store) -> None:
    post = Post(store)
    start = post.at
    post.write(1)
    broken = letter(2)
    (row,) = store.journal([replace_arrival(post, broken)], None)
    store.quarantine(row.delivery.id, "no memory", post.at)
    found = await again(store, policy(), start)
    assert told(found) == {
        row.delivery.id: (("quarantined", "unreadable", None), ("created", "new_case", "a new case"))
    }
    with store._engines.write() as conn:
        conn.execute(sa.update(t.delivery).where(t.delivery.c.id == 1).values(mailbox="gone"))
    assert "no mailbox is named gone" in (await again(store, policy(), start)).left_out[1]
    assert not (await again(store, policy(), start, mailbox="other")).mails


def replace_arrival(post: Post, raw: bytes) -> Any:
    from tests.contract.store_kit import arrival

    return arrival("9:9", raw, received_at=post.at)
