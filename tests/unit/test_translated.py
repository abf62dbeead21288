"""German for what the rules write: every shipped name, and every reason that an agent is told of his mail."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from mailcase.answering import NO_NOTICE
from mailcase.cases.statuses import SHIPPED
from mailcase.enclosing import _A_MAIL, _A_PART
from mailcase.errors import MailcaseError
from mailcase.life.acts.limits import PRIORITIES, why_not_taken
from mailcase.life.acts.organization import organization
from mailcase.life.by_agent import Answered, steps
from mailcase.life.doubt import NOT_VERIFIED
from mailcase.life.notice import Addressee, Thread
from mailcase.life.often import WINDOWS, Often
from mailcase.life.people import Person
from mailcase.outbox import german
from mailcase.outbox.translated import name, reasons
from mailcase.store.life.addressee import SOMEBODY, STRANGER, TOLD_OF
from mailcase.store.life.agent_told import KEPT_BACK, NO_MAIL, TOLD_WITHOUT, WITHOUT
from mailcase.store.life.notify import NO_CONTACT
from mailcase.store.life.proof import KNOWN_TO, LEFT_GROUP
from tests.builders import NOW
from tests.life_kit import BEN, OPEN_TASK, life_policy, make_asked

_ENGLISH = re.compile(r"\b(the|is|are|not|no|nobody|there|it|of|your)\b")
_ERIN = Addressee(Person("erin@x.example", "erin@x.example"), Thread(None, (), ""), 1)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(MailcaseError) as error:
        act()
    return str(error.value)


def read_by(text: str, answered: Answered | None = None) -> str:
    return refused(lambda: steps(text, (), answered or Answered()))


def done(text: str, status: str = "In progress", **case: Any) -> str:
    """What the act refuses that the mail asks for; as the note says it."""
    (step,) = steps(text)
    return f"{step.name}: {refused(lambda: step.rule(make_asked(status, case=case)))} (done before: reply)"


FILES = life_policy().attachments
SAID = [
    read_by("#clsoe"),
    read_by("#assign"),
    read_by("#priority"),
    read_by("Hello\n#close"),
    read_by("#assign me\n" * 21),
    read_by("#note a\n#wait b"),
    read_by("#start now"),
    read_by("> quoted"),
    read_by(""),
    read_by("#wait Which?", Answered(to=_ERIN)),
    done("Hello", "Closed"),
    done("Hello", "Closed", merged_into=9, merged_number="SR-9"),
    done("#start"),
    done("#resolve", "New"),
    done("#note", "New"),
    done("#comment", "New"),
    done("#resolve Done", tasks=(OPEN_TASK,)),
    done("#priority urgent"),
    done("#priority medium"),
    done("#assign x@y.example"),
    done("#assign off@helpdesk.example"),
    done("#assign Third line"),
    done(f"#assign {BEN}", assignee=BEN),
    done(f"#note {'x' * 20_001}"),
    NOT_VERIFIED.format(who="erin@x.example"),
    str(Often.of_words(1, 2)),
    str(Often.of_limit(1, WINDOWS[0][1], WINDOWS[0][0], NOW)),
    *(f"a.txt: {why_not_taken(one, FILES)}" for one in ("type_not_allowed", "too_large", "too_many")),
    f"a.txt: {why_not_taken('total_too_large', FILES)}",
    f"a.eml: {_A_MAIL}",
    f"a.txt: {_A_PART}",
]
#: Those that are written where mails and cases are at hand: the texts themselves, filled.
FILLED = [
    KEPT_BACK.format(step="wait", to="erin@x.example", reason="not a person"),
    NO_MAIL.format(step="wait"),
    WITHOUT,
    TOLD_WITHOUT,
    TOLD_OF.format(who=SOMEBODY.format(case="SR-1")),
    TOLD_OF.format(who=STRANGER.format(who="erin@x.example", case="SR-1")),
    KNOWN_TO.format(who="erin@x.example"),
    LEFT_GROUP,
    NO_NOTICE,
    f"reply: {NO_CONTACT.format(case='SR-1')}",
]


@pytest.mark.parametrize("said", [*SAID, *FILLED])
def test_a_reason_is_german_for_who_reads_german(said: str) -> None:
    german_words = reasons(said, "de-AT")
    assert german_words != said
    assert not _ENGLISH.search(german_words), german_words
    assert reasons(said, "en") == reasons(said, "fr") == said


def test_words_of_others_stay() -> None:
    assert reasons("its own words\nreply: #clsoe is no command; there are #note", "de") == (
        "its own words\nreply: #clsoe ist kein Befehl; es gibt #note"
    )
    other = refused(lambda: organization(make_asked(), "x"))  # which no mail asks for
    assert reasons(other, "de") == other
    assert reasons("a: " * 2000, "de") == "a: " * 2000
    for length, known in ((250, True), (300, False)):  # a long line may be anybody's: nobody searches in it
        told = f"there is no priority {'x' * length}; there are Low"
        assert (reasons(told, "de") != told) is known


def test_every_shipped_name_is_known_and_no_other_is_changed() -> None:
    assert {*german.NAMES} == {*PRIORITIES, *(one.name for one in SHIPPED)}
    assert (name("Closed", "de"), name("On hold", "de"), name("Closed", "en")) == ("Abgeschlossen", "On hold", "Closed")
