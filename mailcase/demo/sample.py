"""What a sample mail of the demo is: who writes it, what it shows, and what must become of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mailcase.demo.mails import HELP, Answer, Person, mail, reply

Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail, with what must become of it."""

    key: str
    note: str  # what it shows
    write: Callable[[Answers], bytes]
    outcome: str
    by: str = ""  # linked_by, or for ignored mail the reason
    joins: str = ""  # key of the mail whose case it goes to
    acknowledged: bool = False
    stranger: bool = False  # joins a case that he has no part in
    returns: str = ""  # key of the mail whose acknowledgement it brings back
    box: str = "help"


def same(raw: bytes) -> Callable[[Answers], bytes]:
    """A mail that answers nothing of ours."""
    return lambda _answers: raw


def new(
    person: Person, word: str, subject: str, text: str, *, to: str = HELP, headers: Mapping[str, str] | None = None
) -> Callable[[Answers], bytes]:
    """A mail of its own; arguments as for `mails.mail`."""
    return same(mail(person, word, subject, text, to=to, headers=headers))


def answering(
    key: str, person: Person, word: str, text: str, headers: Mapping[str, str] | None = None
) -> Callable[[Answers], bytes]:
    """An answer to the acknowledgement that the mail `key` got."""
    return lambda answers: reply(person, word, answers[key], text, headers=headers)


def about(key: str, person: Person, word: str, subject: str, text: str) -> Callable[[Answers], bytes]:
    """A new mail of its own thread that names the case of `key` as {0} in subject or text."""
    return lambda answers: mail(person, word, subject.format(answers[key].number), text.format(answers[key].number))
