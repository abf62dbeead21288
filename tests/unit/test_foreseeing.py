"""What depends on a mail alone is found out where it is read: the answers travel, and are those of any other place."""

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from bench.corpus import corpus
from mailcase import foreseeing, reading
from mailcase.foreseeing import QUESTIONS, foresee
from mailcase.intake.parse import read
from mailcase.junk.autoreply import autoreply
from mailcase.junk.kinds import classify
from mailcase.message import Email, Kind, once
from tests.builders import make_email, make_linking, make_mailbox, make_policy

ODD = (
    b"From: a@b.example\nAuto-Submitted: auto-replied\nSubject: away\n\nx",
    b"From: MAILER-DAEMON@b.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n\nx",
    b"From: l@b.example\nList-Id: <l.b.example>\nPrecedence: list\nSubject: news\n\nx",
    b"From: f@b.example\nReply-To: c@d.example\nAuto-Submitted: auto-generated\nPrecedence: bulk\n\nx",
    b"From: n@b.example\nFeedback-ID: 1\n\nx",
    b"",
)


def arrived(raw: bytes) -> Email:
    """As the one who decides gets it: foreseen in another process."""
    (email,) = pickle.loads(pickle.dumps(reading.read_all([raw], 60.0)))  # noqa: S301 - our own
    assert isinstance(email, Email)
    return email


@pytest.mark.parametrize("own_lists", [frozenset(), frozenset({"l.b.example"})], ids=["no list", "own list"])
@pytest.mark.parametrize("form", [False, True], ids=["mailbox", "form"])
def test_a_foreseen_mail_is_of_the_same_kind(own_lists: frozenset[str], form: bool) -> None:
    box = make_mailbox(reply_to_is_sender=form, form_senders=frozenset({"f@b.example"}))
    policy = make_policy(box, linking=make_linking(own_lists=own_lists))
    raws = [*ODD, *(one.raw for one in corpus(120))]
    kinds = [classify(read(raw), box, policy) for raw in raws]
    assert [classify(arrived(raw), box, policy) for raw in raws] == kinds
    assert {one.kind for one in kinds} >= {Kind.PERSON, Kind.AUTO_REPLY, Kind.BOUNCE}


def test_a_mail_is_the_same_in_another_process() -> None:
    for raw in (*ODD, *(one.raw for one in corpus(60))):
        email = read(raw)
        foresee(email)
        other = pickle.loads(pickle.dumps(email))  # noqa: S301 - our own
        assert (other, other.known) == (email, email.known)
        assert [other.header(name) for name, _ in email.headers] == [email.header(name) for name, _ in email.headers]
        with pytest.raises(FrozenInstanceError):
            other.subject = "another one"


def test_every_answer_travels_with_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    email = arrived(ODD[0])
    monkeypatch.setattr("mailcase.junk.autoreply.autoreply_mark", lambda _: pytest.fail("found out again"))
    found = once(autoreply)(email)
    assert found is not None
    assert found.kind is Kind.AUTO_REPLY
    assert len(email.known) >= len(QUESTIONS)


def test_an_answer_is_of_that_mail_alone() -> None:
    asked: list[str] = []

    def subject(email: Email) -> str:
        asked.append(email.subject)
        return email.subject

    email = make_email(subject="one")
    other = replace(email, subject="two")
    ask = once(subject)
    assert [ask(email), once(subject)(email), ask(other)] == ["one", "one", "two"]
    assert asked == ["one", "two"]
    assert email == replace(email), "what was found out makes no other mail of it"


def test_a_question_that_fails_is_asked_again_where_the_mail_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_: Email) -> int:
        raise RecursionError("a rule has a fault")

    monkeypatch.setattr(foreseeing, "QUESTIONS", (faulty, *QUESTIONS))
    email = make_email({"Auto-Submitted": "auto-replied"})
    foresee(email)
    assert len(email.known) >= len(QUESTIONS)
    with pytest.raises(RecursionError):
        once(faulty)(email)
