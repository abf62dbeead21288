"""Plays the acts on the real daemon over the real protocols and checks what became of each mail."""

import secrets
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mailcase.demo.customers import ACTS, BEFORE, CLOSED, RESOLVED
from mailcase.demo.life_act import live
from mailcase.demo.life_check import Lived
from mailcase.demo.life_story import STORY
from mailcase.demo.mails import HELP, HILFE, Answer
from mailcase.demo.sample import Sample
from mailcase.demo.servers import Post, Sent, post_office
from mailcase.demo.stage import DemoFailed, Stage

_USERS: Final = {"help": HELP, "hilfe": HILFE}
_ANSWERED_BY: Final = {"created": "registration", "followed": "followed"}  # the rule of its acknowledgement

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Played:
    """One sample with what became of it: its entry of `message list`, and its acknowledgement's of `outbox list`."""

    sample: Sample
    row: Row
    mail: Row | None


@dataclass(slots=True)
class Result:
    """The whole play."""

    played: dict[str, Played] = field(default_factory=dict)
    mails: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    thread: str = ""  # one case as `case show` prints it
    lived: list[Lived] = field(default_factory=list)  # the life of another one, step by step
    whole: str = ""  # that one as `case show` prints it
    later: list[Sent] = field(default_factory=list)  # the mails of it


async def play(folder: Path, say: Callable[[str], None]) -> Result:
    """All acts in `folder`; `say` is told how far it is.

    Raises:
        ConfigError: the packages of the demo are missing.
        DemoFailed: something did not become what it must.
    """
    async with post_office(tuple(_USERS.values()), secrets.token_urlsafe()) as post:
        stage = Stage(folder)
        await stage.prepare(post)
        say("an IMAP and an SMTP server of our own are up; first look at the mailboxes")
        await post.deliver(HELP, BEFORE)
        await stage.command("run", "--once")
        result = Result(sent=post.sent)
        async with stage.daemon() as daemon:
            await _acts(stage, daemon, post, result, say)
            say(f"act {len(ACTS) + 1}: a customer and two agents live through a case, {len(STORY)} steps")
            await _life(stage, daemon, post, result)
        say("the same mailboxes are read once more: nothing may change")
        await _again(stage, post, result)
        result.thread = await stage.command("case", "show", result.played["erin"].row["case"])
        result.whole = await stage.command("case", "show", result.lived[0].number)
    return result


async def _life(stage: Stage, daemon: Process, post: Post, result: Result) -> None:
    """The last act; the mails of the earlier ones are kept apart from its own."""
    result.sent = list(post.sent)
    life = await live(stage, post, daemon)
    result.lived, result.later = life.lived, post.sent[len(result.sent) :]
    result.mails, result.outbox = await stage.lists()


async def _acts(stage: Stage, daemon: Process, post: Post, result: Result, say: Callable[[str], None]) -> None:
    uids: dict[str, int] = {}
    for number, act in enumerate(ACTS, 1):
        say(f"act {number}: {len(act)} mails arrive, the daemon reads, decides and answers")
        answers = _answers(result)
        for sample in act:
            uids[sample.key] = await post.deliver(_USERS[sample.box], sample.write(answers))
        result.mails, result.outbox = await stage.settled(daemon, len(uids))
        _note(result, uids)
        _check(result)
        if number == 1:
            say(f"in between: {RESOLVED}'s case is set to Resolved, {CLOSED}'s to Closed")
            await stage.command("case", "set", result.played[RESOLVED].row["case"], "--status", "Resolved")
            await stage.command("case", "set", result.played[CLOSED].row["case"], "--status", "Closed")


async def _again(stage: Stage, post: Post, result: Result) -> None:
    sent = len(post.sent)
    await stage.command("run", "--once")
    if await stage.lists() != (result.mails, result.outbox) or len(post.sent) != sent:
        raise DemoFailed("reading the same mailboxes once more changed something")


def _check(result: Result) -> None:
    if problems := list(wrong(result)):
        raise DemoFailed("this came out wrong:\n" + "\n".join(f"  {problem}" for problem in problems))


def _note(result: Result, uids: dict[str, int]) -> None:
    """Look at everything that came so far: later mails must not change what became of earlier ones."""
    found = {(row["mailbox"], row["uid"]): row for row in result.mails}
    for sample in (sample for act in ACTS for sample in act if sample.key in uids):
        row = found.get((sample.box, uids[sample.key]))
        if row is None:
            raise DemoFailed(f"{sample.key}: `mailcase message list` does not know this mail")
        result.played[sample.key] = Played(sample, row, _acknowledgement(row, result.outbox))


def _acknowledgement(row: Row, outbox: list[Row]) -> Row | None:
    rule = _ANSWERED_BY.get(row["outcome"])
    mails = (mail for mail in outbox if mail["case"] == row["case"] and mail["kind"] == rule)
    return next((mail for mail in mails if mail["state"] in ("sent", "bounced")), None)


def _answers(result: Result) -> dict[str, Answer]:
    return {
        key: Answer(one.row["case"], one.mail["message_id"], one.mail["subject"], raw_of(one.mail, result.sent))
        for key, one in result.played.items()
        if one.mail
    }


def raw_of(mail: Row, sent: list[Sent]) -> bytes:
    """The bytes of an outbox entry as the SMTP server got them.

    Raises:
        DemoFailed: it never got them, although the outbox says so.
    """
    wanted = mail["message_id"].encode()
    found = next((one.raw for one in sent if wanted in one.raw.partition(b"\r\n\r\n")[0]), None)
    if found is None:
        raise DemoFailed(f"the outbox calls {mail['message_id']} sent, but the SMTP server never got it")
    return found


def wrong(result: Result) -> Iterator[str]:
    """What did not become what it must, each for a person."""
    for one in result.played.values():
        yield from _wrong_with(one, result)
    expected = sum(one.sample.acknowledged for one in result.played.values())
    returned = {one.sample.returns for one in result.played.values() if one.sample.returns}
    bounced = {key for key, one in result.played.items() if one.mail and one.mail["state"] == "bounced"}
    if returned != bounced:
        yield f"the acknowledgements of {sorted(bounced)} count as bounced, those of {sorted(returned)} are"
    if len(result.sent) != expected:
        yield f"{len(result.sent)} mails left by SMTP, {expected} must have"
    if any(len(mail.recipients) != 1 for mail in result.sent):
        yield "a mail left to more than one recipient"


def _wrong_with(one: Played, result: Result) -> Iterator[str]:
    sample, row = one.sample, one.row
    by = row["reason"] if row["outcome"] == "ignored" else row["linked_by"] or ""
    case = result.played[sample.joins].row["case"] if sample.joins else None
    for what, is_, must in (
        ("outcome", row["outcome"], sample.outcome),
        ("decided by", by if sample.by else "", sample.by),
        ("case", row["case"] if sample.joins else None, case),
        ("sender unverified", row["kind"] == "person" and row["sender_unverified"], sample.stranger),
        ("acknowledged", one.mail is not None, sample.acknowledged),
    ):
        if is_ != must:
            yield f"{sample.key} ({sample.note}): {what} is {is_!r}, must be {must!r}"
