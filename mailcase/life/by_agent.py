"""From an agent's mail to acts: each command is one, and words without `#note` are a reply to the customer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from mailcase import tokens
from mailcase.intake.addresses import key_of
from mailcase.intake.forwarded import header_writers
from mailcase.junk.sendable import why_not_sendable
from mailcase.life.acts import progress, words, work
from mailcase.life.asked import Asked
from mailcase.life.changes import Changes, SendReply, StoredFile
from mailcase.life.commands import COMMANDS, Command, Orders, orders
from mailcase.life.notice import Addressee
from mailcase.life.refused import Refused

Rule = Callable[[Asked], Changes]
_TO_ME: Final = "me"
_MOST: Final = 20  # commands of a mail: each is an act with its mails, while whoever writes to the store waits
#: Each says what becomes of the text, so that there is one of them at most.
_OF_TEXT: Final = ("note", "comment", "wait", "resolve")
#: These of them go to no customer, whatever is quoted below them.
_AMONG_US: Final = ("note", "comment")
_NEED_REST: Final = ("assign", "priority")
_LATE: Final = (
    "{} stands below your first words, where it would go out as text: nothing was sent or done; commands stand on the "
    "first lines, above the words"
)
_NO_CERTAIN_WORDS: Final = (
    "it is not certain where your words end and our quoted mail begins: nothing was sent; "
    "write your answer above the quotation, or take the quotation out"
)


#: Lines of our notice so long are no coincidence, as soon as there are two of them.
_LONG: Final = 20
_ENOUGH: Final = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """The notice that he answers: whom his words reach."""

    to: Addressee | None = None  # somebody of the case's people; None: its customer
    why_not: str = ""  # why nobody: no word of his may go out
    text: str = ""  # of the notice, of which nothing goes out


_OF_NO_NOTICE: Final = Answered()


@dataclass(frozen=True, slots=True)
class Step:
    """One act that the mail asks for."""

    name: str
    rule: Rule


def steps(
    text: str, files: tuple[StoredFile, ...] = (), answered: Answered = _OF_NO_NOTICE
) -> tuple[Step, ...]:  # fmt: skip
    """The acts in the order in which they are done: words first, so that a case is answered before it is closed.

    Args:
        text: the agent's own words.
        files: of his mail, which go along with a reply.
        answered: the notice that he answers.

    Raises:
        Refused: a command is none of ours or lacks what it needs, two of them want the text, a quotation or something
            of our notice stands in what would go out, it would reach somebody else than whom the notice told of, or
            the mail says nothing at all.
    """
    said = orders(text)
    _must_be_clear(said, answered.text)
    _must_reach(said, answered)
    found = (*_words(said, files, answered.to), *(_step(one) for one in said.commands if one.name in _RULES))
    if not found:
        raise Refused("the mail says nothing: no words above the quotation, and no command")
    return found


def _must_reach(said: Orders, answered: Answered) -> None:
    """Whom the notice told of gets the answer; the customer of the case, whom commands tell, may be another."""
    closing = said.get("close")
    tells = [f"#{one}" for one in ("wait", "resolve") if said.get(one)] + ["#close"] * bool(closing and closing.rest)
    among_us = any(map(said.get, _AMONG_US))
    if answered.why_not and (tells or (said.text and not among_us)):
        raise Refused(answered.why_not)
    if answered.to is not None and tells:
        who = f"{tells[0]} tells the customer of the case, and the notice told of {answered.to.person.address}"
        raise Refused(f"{who}: nothing was done; words without it go there, and `mailcase case` does the rest")


def _must_be_clear(said: Orders, notice: str) -> None:
    if said.unknown:
        raise Refused(f"{said.unknown} is no command; there are {', '.join(f'#{one}' for one in COMMANDS)}")
    if said.late:
        raise Refused(_LATE.format(said.late))
    if len(said.commands) > _MOST:
        raise Refused(f"these are {len(said.commands)} commands; a mail may have {_MOST}")
    of_text = [f"#{one.name}" for one in said.commands if one.name in _OF_TEXT]
    if len(of_text) > 1:
        raise Refused(f"{' and '.join(of_text)} both say what becomes of the text: one mail, one of them")
    start = said.get("start")
    if start is not None and start.rest:
        raise Refused(f"#start takes nothing behind it, and what is {start.rest!r} to do?")
    for one in said.commands:
        _must_have_its_rest(one)
    spoken = (said.text, *(one.rest for one in said.commands))
    if not any(map(said.get, _AMONG_US)) and any(_may_be_ours(one, notice) for one in spoken):
        raise Refused(_NO_CERTAIN_WORDS)


def _must_have_its_rest(command: Command) -> None:
    """`#assign` and `#priority` say nothing alone, and half an address is nobody's."""
    if command.name not in _NEED_REST:
        return
    to = command.rest.strip()
    half = "@" in to and command.name == "assign" and why_not_sendable(to)
    if not to or half:
        raise Refused(f"#{command.name}{f' {to[:60]}' if to else ''} is no command; it needs {COMMANDS[command.name]}")


def _may_be_ours(text: str, notice: str) -> bool:
    """Whether something of what he answers is left in it: our notice, which no customer is to read."""
    quoted = tokens.carries_mark(text) or any(one.lstrip()[:1] == ">" for one in text.split("\n"))
    return quoted or bool(header_writers(text)) or _has_lines_of(notice, text)


def _has_lines_of(notice: str, text: str) -> bool:
    """Lines of it, however a mail program broke them anew."""
    said = " ".join(text.split())
    lines = {" ".join(one.split()) for one in notice.split("\n")}
    return sum(len(one) >= _LONG and one in said for one in lines) >= _ENOUGH


def _words(said: Orders, files: tuple[StoredFile, ...], to: Addressee | None) -> Iterator[Step]:
    """What becomes of the text: a note, a comment, a question, a solution, else a reply."""
    if note := said.get("note"):
        yield Step("note", partial(words.note, text=_all(note, said)))
    elif comment := said.get("comment"):
        yield Step("comment", partial(words.comment, text=_all(comment, said)))
    elif waiting := said.get("wait"):
        yield Step("wait", partial(progress.wait, question=_all(waiting, said)))
    elif solving := said.get("resolve"):
        yield Step("resolve", partial(progress.resolve, solution=_all(solving, said)))
    elif said.text:
        yield Step("reply", partial(_reply, text=said.text, files=files, to=to))


def _all(command: Command, said: Orders) -> str:
    """The rest of the command's line, and the lines below."""
    return "\n".join(one for one in (command.rest, said.text) if one)


def _reply(asked: Asked, text: str, files: tuple[StoredFile, ...], to: Addressee | None) -> Changes:
    """As `case reply`; the files are taken out of the agent's mail when the reply is sent."""
    done = words.reply(asked, text)
    deeds = (replace(one, parts=files, to=to) if isinstance(one, SendReply) else one for one in done.deeds)
    return replace(done, deeds=tuple(deeds))


def _step(command: Command) -> Step:
    return Step(command.name, _RULES[command.name](command.rest))


def _assign(rest: str) -> Rule:
    return partial(_assigned, to=rest)


def _assigned(asked: Asked, to: str) -> Changes:
    """To an address, a group of that name, or the one who writes."""
    if to.casefold() == _TO_ME and asked.actor.agent is not None:
        return work.assign(asked, agent=asked.actor.agent.key)
    if "@" in to:
        return work.assign(asked, agent=key_of(to))
    return work.assign(asked, group=to)


_RULES: Final[dict[str, Callable[[str], Rule]]] = {
    "assign": _assign,
    "start": lambda _rest: progress.start,
    "close": lambda rest: partial(progress.close, reason=rest),
    "priority": lambda rest: partial(work.priority, to=rest),
}
