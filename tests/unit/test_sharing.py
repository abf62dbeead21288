"""Fair shares: every mailbox has one living daemon, counts are even, and nothing moves twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcase.sharing import EVERYTHING, Portion, Standing, assign, portion, senior

OWNERS = ("a:1", "b:2", "c:3", "d:4", "e:5")
few = settings(max_examples=30)  # each example plays a whole office; thirty still find each rule broken
BOXES = tuple(f"box{number:02}" for number in range(14))


@dataclass
class Office:
    """Daemons that look one after another, as the store would show them to each other."""

    members: dict[str, frozenset[str]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    moves: int = 0

    @property
    def standing(self) -> Standing:
        return Standing(dict(self.members), dict(self.holders), dict(self.last))

    def look(self, me: str) -> bool:
        """One look of one daemon, as tenure does it; whether anything changed."""
        if me not in self.members:
            return False
        mine = assign(self.standing, me)
        given = {name for name, owner in self.holders.items() if owner == me and name not in mine}
        taken = {name for name in mine if name not in self.holders}
        for name in given:
            del self.holders[name]
        for name in taken:
            self.holders[name] = self.last[name] = me
        self.moves += len(given) + len(taken)
        return bool(given or taken)

    def die(self, me: str) -> None:
        self.members.pop(me, None)
        self.holders = {name: owner for name, owner in self.holders.items() if owner != me}

    def settle(self, order: list[str]) -> int:
        """Look round after round until nobody changes anything; how many rounds it took."""
        rounds = 0
        while sum(map(self.look, order)):
            rounds += 1
            assert rounds < 8, "it never ends"
        return rounds


def counts(shares: Mapping[str, frozenset[str]]) -> list[int]:
    return sorted(len(one) for one in shares.values())


wants = st.frozensets(st.sampled_from(BOXES))
some_members = st.dictionaries(st.sampled_from(OWNERS), wants, min_size=1)
owned = st.dictionaries(st.sampled_from(BOXES), st.sampled_from((*OWNERS, "dead:9")))


@few
@given(some_members, owned, owned)
def test_every_wanted_mailbox_goes_to_exactly_one_living_daemon_that_wants_it(
    members: dict[str, frozenset[str]], held: dict[str, str], last: dict[str, str]
) -> None:
    holders = {name: owner for name, owner in held.items() if owner in members}
    standing = Standing(members, holders, last)
    shares = {one: assign(standing, one) for one in members}
    given_out = [name for share in shares.values() for name in share]
    assert sorted(given_out) == sorted(standing.wanted)
    assert all(share <= members[one] for one, share in shares.items())
    assert assign(standing, "stranger") == frozenset()


@few
@given(st.sets(st.sampled_from(OWNERS), min_size=1), wants, owned, owned)
def test_who_all_want_the_same_have_the_same_number_or_one_more(
    owners: set[str], boxes: frozenset[str], held: dict[str, str], last: dict[str, str]
) -> None:
    holders = {name: owner for name, owner in held.items() if owner in owners}
    standing = Standing(dict.fromkeys(owners, boxes), holders, last)
    found = counts({one: assign(standing, one) for one in owners})
    assert found[-1] - found[0] <= 1


@few
@given(some_members, owned)
def test_what_is_fair_already_stays_as_it_is(members: dict[str, frozenset[str]], last: dict[str, str]) -> None:
    first = Standing(members, {}, last)
    holders = {name: one for one in members for name in assign(first, one)}
    again = Standing(members, holders, holders)
    assert all(assign(again, one) == assign(first, one) for one in members)


@few
@given(st.sets(st.sampled_from(OWNERS), min_size=2), wants)
def test_a_daemon_that_died_moves_only_what_it_had(owners: set[str], boxes: frozenset[str]) -> None:
    office = Office(dict.fromkeys(owners, boxes))
    office.settle(sorted(owners))
    before, dead = dict(office.holders), sorted(owners)[0]
    office.die(dead)
    office.settle(sorted(owners))
    kept = {name: owner for name, owner in before.items() if owner != dead}
    assert kept.items() <= office.holders.items()
    assert office.holders.keys() == boxes


@few
@given(
    st.lists(
        st.tuples(st.sampled_from(("come", "go", "look", "other files")), st.sampled_from(OWNERS), wants), max_size=25
    ),
    st.permutations(OWNERS),
)
def test_daemons_come_and_go_and_a_few_looks_later_all_is_at_rest(
    acts: list[tuple[str, str, frozenset[str]]], order: list[str]
) -> None:
    office = Office()
    for act, who, boxes in acts:
        if act == "come":
            office.members.setdefault(who, frozenset(BOXES))
        elif act == "go":
            office.die(who)
        elif act == "other files" and who in office.members:
            office.members[who] = boxes
        else:
            office.look(who)
    office.settle(list(order))
    office.moves = 0
    assert office.settle(list(reversed(order))) == 0
    assert office.holders.keys() == office.standing.wanted


@few
@given(st.sets(st.sampled_from(OWNERS), min_size=1), st.permutations(OWNERS), wants)
def test_who_joins_costs_each_mailbox_one_move_at_most(
    owners: set[str], order: list[str], boxes: frozenset[str]
) -> None:
    office = Office(dict.fromkeys(owners, boxes))
    office.settle(list(order))
    office.members["new:0"], before, office.moves = boxes, dict(office.holders), 0
    office.settle([*order, "new:0"])
    moved = {name for name, owner in office.holders.items() if before[name] != owner}
    assert all(office.holders[name] == "new:0" for name in moved)
    assert office.moves == 2 * len(moved)  # given back once, taken once
    assert len(moved) == len(boxes) // (len(owners) + 1)


def test_the_senior_is_one_that_works_mailboxes_if_there_is_any() -> None:
    assert senior(Standing({"a": frozenset(), "b": frozenset({"box"}), "c": frozenset({"box"})})) == "b"
    assert senior(Standing({"a": frozenset()})) == "a"
    assert senior(Standing()) == ""


@few
@given(some_members, owned)
def test_every_mailboxs_mail_is_sent_by_one_also_where_nobody_works_it(
    members: dict[str, frozenset[str]], held: dict[str, str]
) -> None:
    standing = Standing(members, {name: owner for name, owner in held.items() if owner in members}, {})
    works = {one: frozenset(name for name, owner in standing.holders.items() if owner == one) for one in members}
    sends = {one: portion(standing, one, works[one]) for one in members}
    for name in (*BOXES, "renamed since"):
        senders = [one for one in members if name in sends[one]]
        waits = name in standing.wanted and name not in standing.holders  # somebody is about to take it
        assert senders == [standing.holders.get(name, senior(standing))] if not waits else senders == []


def test_who_shares_with_nobody_sends_everything() -> None:
    assert all(name in EVERYTHING for name in BOXES)


@given(st.frozensets(st.sampled_from(BOXES)), st.booleans(), st.frozensets(st.sampled_from(BOXES)))
def test_a_portion_without_some_mailboxes_is_the_rest_of_it(
    mailboxes: frozenset[str], but: bool, left_out: frozenset[str]
) -> None:
    whole = Portion(mailboxes, but)
    rest = whole.without(left_out)
    assert all((box in rest) == (box in whole and box not in left_out) for box in (*BOXES, "unknown"))
