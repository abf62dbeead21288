"""What a mail did to a case, as the rules of L6 look at it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from mailcase.actions import CreateCase, NoteOnCase
from mailcase.life.happening import Happening, What
from mailcase.life.notice_rules import ACKNOWLEDGEMENTS
from mailcase.message import Delivery, Email, Kind
from mailcase.outbox.lines import cut, one_line
from mailcase.policy import Policy
from mailcase.snapshot import Snapshot
from mailcase.verdict import BY_AGENT, Decision, Outcome

LONGEST_TEXT: Final = 4000  # characters of a mail that a notice carries
_LONGEST_NAME: Final = 60
_LONGEST_ADDRESS: Final = 320
_CREATES: Final = {Outcome.CREATED: (What.CREATED,), Outcome.FOLLOWED: (What.CREATED, What.FOLLOWED)}
_JOINS: Final = {
    Outcome.LINKED: (What.CUSTOMER_REPLIED,),
    Outcome.REOPENED: (What.REOPENED, What.CUSTOMER_REPLIED),
}


def happened(
    decision: Decision, email: Email, delivery: Delivery, snapshot: Snapshot, policy: Policy
) -> tuple[Happening, ...]:
    """The happenings that a rule may wait for; `case` is actions.NEW for a case that this mail makes.

    None of mail that lay there before the start, came back with a restore, or is an agent's own; and none that no
    rule could tell anybody, so that nothing more is read where nothing is configured.
    """
    if delivery.sent or delivery.backlog or delivery.no_ack:
        return ()
    awaited = [one for one in _whats(decision) if _is_awaited(one, decision, policy)]
    found = [*_of_outcome(awaited, decision, email, snapshot)]
    found += [one for one in _undeliverable(decision, snapshot) if _is_awaited(one.what, decision, policy)]
    return tuple(replace(one, owners_alone=_owners_alone(one.what, policy)) for one in found)


def put_on(like: Happening, assignee: str, group: str) -> Happening | None:
    """What of L2 happened to a case that has an assignee, else a group; None where it has neither."""
    if not assignee and not group:
        return None
    what = What.ASSIGNED if assignee else What.GROUP_ASSIGNED
    return Happening(what, like.case, like.key, message_pk=like.message_pk, text=like.text)


def key_of_mail(snapshot: Snapshot) -> str:
    """The happening's key: the same whenever this mail is decided again."""
    return f"in:{snapshot.lookup.group}:{snapshot.lookup.identity}"


def _whats(decision: Decision) -> tuple[What, ...]:
    if decision.case is None:
        return ()
    whats = _CREATES.get(decision.outcome, ())
    somebody = decision.kind is Kind.PERSON or decision.outcome is Outcome.REOPENED  # a reopened case needs its owner
    if somebody and decision.reason not in BY_AGENT:
        whats = (*whats, *_JOINS.get(decision.outcome, ()))
    return whats


def _of_outcome(whats: Iterable[What], decision: Decision, email: Email, snapshot: Snapshot) -> Iterator[Happening]:
    if decision.case is None:
        return
    case = snapshot.cases.get(decision.case)
    for what in whats:
        yield Happening(
            what=what,
            case=decision.case,
            key=key_of_mail(snapshot),
            by=snapshot.lookup.sender_key,
            by_name=_writer(email, snapshot.lookup.sender_key),
            text=cut((email.new_text or email.text).strip(), LONGEST_TEXT),
            before=case.assignee if case else "",
            unverified=decision.sender_unverified,
        )


def _writer(email: Email, key: str) -> str:
    """Who wrote, with the address: a name can be anybody's. Of a web form's mail the customer, in Reply-To (B3)."""
    found = next((one for one in (*email.senders, *email.reply_to) if one.key == key), email.sender)
    if found is None:
        return ""
    name, address = one_line(found.name, _LONGEST_NAME), one_line(found.address, _LONGEST_ADDRESS)
    return f"{name} <{address}>" if name else address


def _undeliverable(decision: Decision, snapshot: Snapshot) -> Iterator[Happening]:
    """One a case, however many addresses failed; an agent whose own address fails is not told of it."""
    notes = [one for one in decision.actions if isinstance(one, NoteOnCase) and one.event == "undeliverable"]
    for case in dict.fromkeys(one.case for one in notes):
        mine = [one.data for one in notes if one.case == case]
        told = "\n".join(" ".join(_words(one.get(name) for name in _TOLD)) for one in mine)
        yield Happening(What.UNDELIVERABLE, case, key_of_mail(snapshot), by=str(mine[0].get("recipient")), text=told)


_TOLD: Final = ("recipient", "status", "diagnostic")


def _words(values: Iterable[object]) -> list[str]:
    return [str(one) for one in values if one]


def _owners_alone(what: What, policy: Policy) -> bool:
    """Whether a mail that joins a case is told to nobody but the people of that case."""
    words = {word for one in policy.notices if one.enabled and one.when is what for word in one.to}
    return what not in (What.CREATED, What.FOLLOWED) and "team" not in words


def _is_awaited(what: What, decision: Decision, policy: Policy) -> bool:
    """Whether a rule could have somebody to tell. A new case has no followers, and its assignee is told by L2."""
    rules = [one for one in policy.notices if one.enabled and one.when is what and one.name not in ACKNOWLEDGEMENTS]
    if what not in (What.CREATED, What.FOLLOWED):
        return any(set(one.to) != {"customer"} for one in rules)
    create = next((one for one in decision.actions if isinstance(one, CreateCase)), None)
    if create is None:
        return False
    box = policy.mailboxes.get(create.mailbox)
    if box is not None and box.notify and any("team" in one.to for one in rules):
        return True
    placed = bool(create.assignee_group or create.assignment)
    return placed and any({"assignee", "group", "owner"} & set(one.to) for one in rules)
