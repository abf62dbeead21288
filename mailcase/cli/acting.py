"""What every act on a case shares at the command line: the desk, the actor, files and times, and what is said."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailcase.cli.output import note, print_json, safe, say
from mailcase.cli.render_head import status_of
from mailcase.cli.state import actor, state_of, writing
from mailcase.errors import Permanent

if TYPE_CHECKING:
    from mailcase.config import Settings
    from mailcase.desk.desk import Desk
    from mailcase.life.case_state import Actor
    from mailcase.life.changes import File
    from mailcase.life.people import Agent as Colleague
    from mailcase.store.life.acting import Done, Told
    from mailcase.store.store import Store

Act = Callable[["Desk", str, "Actor"], "Done"]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as SR-12.")]
Files = Annotated[list[Path] | None, typer.Option("--file", metavar="PATH", help="A file; several may be named.")]
Agent = Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="An agent's address; empty: nobody.")]
Group = Annotated[str | None, typer.Option("--group", metavar="NAME", help="An agent group; empty: none.")]
_STDIN = "-"
_LONGEST_TEXT = 10_000_001  # characters that are read; no act takes as many


def do(context: typer.Context, number: str, as_: str, act: Act) -> None:
    """Do one act and say what it did and who is told; with --json the case as `case show` prints it."""
    from mailcase.cli.case import resolve

    settings = state_of(context).settings()
    with desk_of(settings) as desk:
        done = act(desk, resolve(settings, desk.store, number), who(desk, as_))
        say_done(context, settings, desk.store, done, as_)


@contextmanager
def desk_of(settings: "Settings") -> "Iterator[Desk]":
    """The desk at this store; raises as `writing`, and ConfigError where the rules cannot be built."""
    from mailcase.desk.desk import Desk
    from mailcase.policy_build import build_for_deciding
    from mailcase.rules import Rules

    rules = Rules.of(settings, build_for_deciding(settings))
    with writing(settings) as store:
        yield Desk(store, rules.bench)


def who(desk: "Desk", as_: str) -> "Actor":
    """The agent of `--as`, else the operator."""
    from mailcase.desk.desk import operator

    return desk.agent(as_) if as_ else operator(actor(""))


def other(settings: "Settings", desk: "Desk", number: str) -> str:
    """The second case that an act names, as it is stored."""
    from mailcase.cli.case import resolve

    return resolve(settings, desk.store, number)


def say_done(context: typer.Context, settings: "Settings", store: "Store", done: "Done", as_: str) -> None:
    """One line of what an act did, and who is told; with --json the case, or the one that it made."""
    from mailcase.cli.viewing import view_of
    from mailcase.configuration.checks import status_table

    if done.warning:
        note(safe(done.warning))
    if state_of(context).json:
        view = view_of(settings, store, as_)
        table = status_table(settings.cases)
        print_json(store.case_show(done.made or done.number, table, view.viewer, view.organizations))
        return
    made = f"  → {done.made}" if done.made else ""
    task = f"  task {done.task}" if done.task is not None else ""
    did = ", ".join(one.replace("_", " ") for one in dict.fromkeys(done.events))
    status = status_of({"status": done.status, "suspended": done.suspended})
    say(f"{done.number}  {safe(status)}  assignee {safe(done.assignee or '–')}  {did}{task}{made}".rstrip())
    _say_later(done, settings, store, as_)
    _say_told(done, settings)


def _say_later(done: "Done", settings: "Settings", store: "Store", as_: str) -> None:
    """Whom rules with a delay tell: not before its end, and not where the case is another by then."""
    from mailcase.intake.addresses import key_of

    later = [one for one in done.told if one.at is not None and one.state != "suppressed"]
    zone = zone_of(settings, store.agent_by_key(key_of(as_)) if as_ and later else None)
    for one in later:
        if one.at is not None:
            at = f"{one.at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
            note(f"will be told at {at}, unless the case has changed by then: {safe(one.to)}")


def _say_told(done: "Done", settings: "Settings") -> None:
    """What a mailbox without a way out holds waits until it has one: nobody was told of that."""
    ways = {box.name for box in settings.mailbox if box.smtp}
    mails = [(_way(one, settings), one.to) for one in done.told if one.state != "suppressed" and one.at is None]
    held = [(box, to) for box, to in mails if box not in ways]
    told = [to for box, to in mails if box in ways]
    if told or not (held or any(one.at for one in done.told)):
        note(f"told: {safe(', '.join(dict.fromkeys(told)))}" if told else "nobody is told")
    for box in dict.fromkeys(box for box, _ in held):
        to = ", ".join(dict.fromkeys(to for its, to in held if its == box))
        note(f"not told: {safe(to)}: cannot leave: mailbox {safe(box)} has no [mailbox.smtp]")
    for one in done.told:
        if one.state == "suppressed":
            note(f"not told: {safe(one.to)} ({safe(one.reason).replace('_', ' ')})")


def _way(mail: "Told", settings: "Settings") -> str:
    """The mailbox by which it leaves, as the drain finds it."""
    from mailcase.outbox.way_out import way_out

    return way_out(mail.mailbox, mail.sender, {box.name: box.address for box in settings.mailbox})


def text_of(given: str) -> str:
    """The text as given; "-" is standard input, and Permanent where that is no text."""
    try:
        return sys.stdin.read(_LONGEST_TEXT) if given == _STDIN else given
    except UnicodeDecodeError as error:
        raise Permanent(f"standard input is no text in {error.encoding.upper()}: give it as that") from None


def files_of(settings: "Settings", paths: Sequence[Path] | None) -> "tuple[File, ...]":
    """The files, read; of one that is too large no more than shows it.

    Raises:
        Permanent: one cannot be read, is too large, or is none: a pipe or a device, which may have no end.
    """
    import mimetypes

    from mailcase.life.changes import File

    made = []
    for path in paths or ():
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content = _content(path, settings.attachments.max_size)
        made.append(File(path.name, kind, content))
    return tuple(made)


def _content(path: Path, most: int) -> bytes:
    """What a regular file holds."""
    try:
        # a pipe that nobody writes to is opened without waiting for him
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Permanent(f"{safe(path)} is no regular file: save it as one, and name that")
            content = file.read(most + 1)
    except OSError as error:
        raise Permanent(f"{safe(path)} cannot be read: {error.strerror}") from None
    if len(content) > most:
        raise Permanent(f"{safe(path)} is not taken: it is larger than [attachments] max_size")
    return content


def zone_of(settings: "Settings", agent: "Colleague | None") -> tzinfo:
    """The agent's time zone, else [cases] timezone: in which times are read and shown that name none."""
    from zoneinfo import ZoneInfo

    return ZoneInfo((agent.timezone if agent else "") or settings.cases.timezone)
