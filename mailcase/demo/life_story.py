"""A case's whole life, step by step: who writes or acts, what the case must be then, and who must get a mail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mailcase.demo.mails import Person
from mailcase.demo.people import ANNA, BEN, NORA
from mailcase.desk import cases
from mailcase.desk.desk import Desk
from mailcase.life.case_state import Actor
from mailcase.store.life.acting import Done

GROUP: Final = "First line"
TEAM: Final = (ANNA, BEN)
#: As `mailcase agent import-csv` takes it; the group is made because they name it.
AGENTS_CSV: Final = "address,name,groups\n" + "".join(f"{one.address},{one.name},{GROUP}\n" for one in TEAM)

#: The rule of a mail, and all who get it.
Told = tuple[str, tuple[Person, ...]]


@dataclass(slots=True)
class Known:
    """What the story's words stand for: numbers of cases, and mails as `message list` numbers them."""

    cases: dict[str, str] = field(default_factory=dict)
    mails: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Writes:
    """A mail arrives."""

    person: Person
    word: str  # makes its Message-ID
    outcome: str
    text: str
    subject: str = ""
    answers: str = ""  # the rule of our mail that he answers: the last one that he got; "" answers none


@dataclass(frozen=True, slots=True)
class Acts:
    """An agent acts, as by the command line."""

    person: Person
    do: Callable[[Desk, Known, Actor], Done]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, and what must be so after it."""

    says: str
    work: Writes | Acts
    status: str
    assignee: Person | None = None
    told: tuple[Told, ...] = ()
    case: str = "case"  # which one is meant; a new word for one that the step makes


STORY: Final = (
    Step(
        "Nora writes for the first time",
        Writes(NORA, "dark-1", "created", "It hums, but the wall stays dark.", "Projector in room 4 stays dark"),
        "New",
        told=(("registration", (NORA,)), ("group", TEAM)),
    ),
    Step(
        "Ben assigns it to Anna",
        Acts(BEN, lambda desk, at, who: cases.assign(desk, at.cases["case"], who, agent=ANNA.address)),
        "New",
        ANNA,
        (("assigned", (ANNA,)),),
    ),
    Step(
        "Anna starts",
        Acts(ANNA, lambda desk, at, who: cases.start(desk, at.cases["case"], who)),
        "In progress",
        ANNA,
        (("in_progress", (NORA,)),),
    ),
    Step(
        "Anna replies",
        Acts(ANNA, lambda desk, at, who: cases.reply(desk, at.cases["case"], who, "Does its lamp blink red?")),
        "In progress",
        ANNA,
        (("reply", (NORA,)),),
    ),
    Step(
        "Anna writes an internal note",
        Acts(ANNA, lambda desk, at, who: cases.note(desk, at.cases["case"], who, "Its lamp is four years old.")),
        "In progress",
        ANNA,
    ),
    Step(
        "Anna waits for an answer",
        Acts(ANNA, lambda desk, at, who: cases.wait(desk, at.cases["case"], who, "Please look at the lamp.")),
        "Waiting for response",
        ANNA,
        (("waiting", (NORA,)),),
    ),
    Step(
        "Nora answers the reply",
        Writes(NORA, "dark-2", "reopened", "It blinks red, three times.", answers="reply"),
        "Reopened",
        told=(("customer_replied", TEAM),),
    ),
    Step(
        "Ben answers the notice by mail, #start",
        Writes(BEN, "lamp-1", "linked", "#start\n\nI come at noon with a new lamp.", answers="customer_replied"),
        "In progress",
        BEN,
        (("reply", (NORA,)), ("in_progress", (NORA,))),
    ),
    Step(
        "Ben resolves it",
        Acts(BEN, lambda desk, at, who: cases.resolve(desk, at.cases["case"], who, "There is a new lamp in it.")),
        "Resolved",
        BEN,
        (("resolved", (NORA,)),),
    ),
    Step(
        "Nora answers that it is not solved",
        Writes(NORA, "dark-3", "reopened", "It is still dark.", answers="resolved"),
        "Reopened",
        told=(("customer_replied", TEAM),),
    ),
    Step(
        "Anna starts",
        Acts(ANNA, lambda desk, at, who: cases.start(desk, at.cases["case"], who)),
        "In progress",
        ANNA,
        (("in_progress", (NORA,)),),
    ),
    Step(
        "Anna resolves it",
        Acts(ANNA, lambda desk, at, who: cases.resolve(desk, at.cases["case"], who, "The cable was loose, too.")),
        "Resolved",
        ANNA,
        (("resolved", (NORA,)),),
    ),
    Step(
        "Anna closes it",
        Acts(ANNA, lambda desk, at, who: cases.close(desk, at.cases["case"], who)),
        "Closed",
        ANNA,
        (("closed", (NORA,)),),
    ),
    Step(
        "Nora answers the closed case",
        Writes(NORA, "dark-4", "followed", "Now its remote control is gone.", answers="closed"),
        "New",
        told=(("followed", (NORA,)), ("group", TEAM)),
        case="late",
    ),
    Step(
        "Nora writes of the same once more",
        Writes(NORA, "remote-1", "created", "Has anybody found it?", "Remote control of the projector"),
        "New",
        told=(("registration", (NORA,)), ("group", TEAM)),
        case="other",
    ),
    Step(
        "Ben merges that case into the one before",
        Acts(BEN, lambda desk, at, who: cases.merge(desk, at.cases["other"], who, into=at.cases["late"])),
        "Closed",
        case="other",
    ),
    Step(
        "Nora answers the merged case",
        Writes(NORA, "remote-2", "linked", "It was behind the screen. That is torn.", answers="registration"),
        "New",
        told=(("customer_replied", TEAM),),
        case="late",
    ),
    Step(
        "Anna splits that mail off",
        Acts(
            ANNA,
            lambda desk, at, who: cases.split(
                desk, at.cases["late"], who, message=at.mails["remote-2"], subject="Projector screen is torn"
            ),
        ),
        "New",
        told=(("group", (BEN,)),),  # who did it is not told
        case="split",
    ),
)
