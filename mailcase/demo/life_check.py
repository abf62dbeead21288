"""What must be so in the life of a case: each step's status and mails, and each mail once at whom it is for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from mailcase.demo.life_story import GROUP, Step
from mailcase.demo.servers import Sent

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lived:
    """One step with what came of it."""

    step: Step
    number: str
    case: Row  # as `case show` has it
    mails: tuple[Row, ...]  # that it put into the outbox


def sent_as(row: Row, sent: list[Sent]) -> list[Sent]:
    """What the SMTP server got of it."""
    return [one for one in sent if message_from_bytes(one.raw)["Message-ID"] == row["message_id"]]


def wrong_step(one: Lived) -> Iterator[str]:
    """What is not as it must be after a step, each for a person."""
    step, case = one.step, one.case
    told = sorted((row["kind"], row["to"]) for row in one.mails)
    for what, is_, must in (
        ("status", case["status"], step.status),
        ("assignee", case["assignee"], step.assignee.address if step.assignee else ""),
        ("group", case["assignee_group"], GROUP),
        ("mails", told, sorted((rule, people[0].address) for rule, people in step.told)),
    ):
        if is_ != must:
            yield f"{what} of {one.number} is {is_!r}, must be {must!r}"


def wrong_mails(lived: Sequence[Lived], sent: list[Sent]) -> Iterator[str]:
    """Each mail of the act must have left once, to those whom it is for, and no other one; `sent` are the act's."""
    expected = sum(len(one.mails) for one in lived)
    if len(sent) != expected:
        yield f"{len(sent)} left by SMTP, {expected} must have"
    for one in lived:
        people = dict(one.step.told)
        for row in one.mails:
            left = [set(copy.recipients) for copy in sent_as(row, sent)]
            if left != [{to.address for to in people[row["kind"]]}]:
                yield f"{row['kind']} ({row['message_id']}) left {len(left)} times, to {left}"


def got(lived: Sequence[Lived], sent: list[Sent]) -> dict[str, list[str]]:
    """Address -> the rules of the mails that it got, by what the SMTP server took."""
    found: dict[str, list[str]] = {}
    for row in (row for one in lived for row in one.mails):
        for copy in sent_as(row, sent):
            for address in copy.recipients:
                found.setdefault(address, []).append(row["kind"])
    return found
