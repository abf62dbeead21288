"""What each mail does in the model: the outcome, the case, and the mails owed (B5, B6, B8, B9, B13)."""

from typing import Final, NamedTuple

from tests.contract.life_machine.acts import BY_AGENT
from tests.contract.life_machine.model import Case, Mail, Model
from tests.contract.life_machine.people import MACHINE
from tests.contract.life_machine.policy import BY_MAIL, CANCELED

_WORDS: Final = ("reply", "waiting", "resolved")  # mails that bring the customer an agent's words


class Came(NamedTuple):
    """What is to become of a mail."""

    outcome: str
    case: str
    owed: list[Mail]


class Letter(NamedTuple):
    """A mail that came in: its delivery, the number that a new case would have, and who wrote it."""

    delivery: int
    made: str
    sender: str
    routed: str = ""  # the word of an assignment rule in it


def arrived(model: Model, letter: Letter) -> Came:
    """A mail that names nothing makes a case."""
    case = _new(model, letter)
    return Came("created", case.number, _owed_of_new(model, case, letter, "registration", known=True))


def _new(model: Model, letter: Letter) -> Case:
    case = Case(letter.made, letter.sender, by_person=letter.sender != MACHINE)
    model.place(case, letter.routed, "First line")
    case.heard[letter.delivery] = (letter.sender, True)
    return model.add(case)


def _owed_of_new(model: Model, case: Case, letter: Letter, rule: str, *, known: bool) -> list[Mail]:
    """The answer to its sender, the team's notice, and whoever has it (nobody acted: nobody is left out)."""
    answer = model.acknowledged(rule, case, letter.sender)
    return [answer, *model.told("arrived", case, letter.sender, stranger=not known), *model.handed(case, "")]


def junk(model: Model, letter: Letter) -> Came:
    """A case with the junk status, and not a word to anybody."""
    case = Case(letter.made, letter.sender, CANCELED, group="First line", junk=True)
    case.heard[letter.delivery] = (letter.sender, False)
    model.add(case)
    return Came("junk_case", case.number, [])


def answered(model: Model, named: Case, letter: Letter) -> Came:
    """A person's mail that leads to a case: linked, reopened, or a new case that follows a final one."""
    case = model.end_of(named)
    known = letter.sender in case.people
    if case.is_final():
        follower = model.open_follower(case, letter.sender)
        if follower is None:
            return _followed(model, case, letter, known)
        case.heard[letter.delivery] = (letter.sender, known)
        case, known = follower, known or letter.sender in follower.people
    former = case.assignee
    outcome = "reopened" if case.status in BY_MAIL else "linked"
    if outcome == "reopened":
        case.status, case.assignee = BY_MAIL[case.status], ""
    _hear(case, letter, known)
    owed = model.told("customer_replied", case, letter.sender, former, stranger=not known)
    return Came(outcome, case.number, owed)


def _hear(case: Case, letter: Letter, known: bool) -> None:
    case.heard[letter.delivery] = (letter.sender, known)
    case.people |= {letter.sender} if known else set()


def _followed(model: Model, case: Case, letter: Letter, known: bool) -> Came:
    _hear(case, letter, known)
    new = _new(model, letter)
    new.follows = case.number
    return Came("followed", new.number, _owed_of_new(model, new, letter, "followed", known=known))


def came_back(model: Model, named: Case, recipient: str) -> Came:
    """A bounce: his address is silent from now on; those of the case are told, but not he."""
    case = model.end_of(named)
    model.silence(recipient)
    return Came("noted", case.number, model.told("undeliverable", case, recipient))


def by_agent(model: Model, named: Case, letter: Letter, text: str, *, was_told: bool) -> Came:
    """An agent's answer to a notice, done in his name; what is refused or not surely his is a note, which he hears.

    Where his words go out all the same, he hears that, and the mail is no note.
    """
    case, agent = model.end_of(named), letter.sender
    for one in (named, case):
        one.heard.setdefault(letter.delivery, (agent, False))
    steps = BY_AGENT[text] if was_told else ()
    owed: list[Mail] = []
    refused = not steps
    for step in steps:
        found = step(model, case, agent)
        if found is None:
            refused = True
            break
        owed += found
    words = [one for one in owed if one.rule in _WORDS]
    if not refused and all(one.state == "pending" for one in words):
        _keep(text.startswith("#note"), letter, named, case)
        return Came("linked", case.number, owed)
    sent = any(one.state == "pending" for one in words)
    _keep(not sent, letter, named, case)
    told = model.to_agents("partly_done" if sent else "kept_as_note", case, (agent,), stranger=not was_told)
    return Came("linked", case.number, [*owed, told])


def _keep(note: bool, letter: Letter, *cases: Case) -> None:
    """The mail is a note on each of them."""
    for one in cases if note else ():
        one.notes.add(letter.delivery)
