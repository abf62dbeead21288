"""Rows 5 to 7 of table 3.1: every word of the lists, and who may write them."""

from dataclasses import replace

import pytest

from mailcase.junk.bounce import body_words, bounce_wording, null_or_daemon, subject_words
from mailcase.junk.bounce_words import BOUNCE_BODIES, BOUNCE_SUBJECTS, DELAY_SUBJECTS
from mailcase.junk.finding import KindQuestion
from mailcase.junk.robots import MACHINE_NAMES
from mailcase.message import Email, Kind
from tests.builders import address, make_email, make_mailbox, make_policy

SUBJECT, BODY = "Delivery failure", "The user is an unknown user."


def ask(email: Email) -> KindQuestion:
    return KindQuestion(email, make_mailbox(), make_policy(), None, form=False)


def row_6(email: Email) -> Kind | None:
    hit = null_or_daemon(email)
    return hit.kind if hit else None


def row_7(email: Email) -> Kind | None:
    hit = bounce_wording(email)
    return hit.kind if hit else None


@pytest.mark.parametrize("words", BOUNCE_SUBJECTS)
def test_each_subject_wording_under_a_null_path_is_a_bounce(words: str) -> None:
    assert row_6(make_email(return_path="", subject=f"{words.upper()}: Printer")) in (Kind.BOUNCE, Kind.DELAY)


@pytest.mark.parametrize("words", BOUNCE_BODIES)
def test_each_body_wording_under_a_null_path_is_a_bounce(words: str) -> None:
    text = f"Hello,\nyour mail: {words.replace(' ', chr(10), 1)} now."
    assert row_6(make_email(return_path="", text=text)) is Kind.BOUNCE


@pytest.mark.parametrize("words", DELAY_SUBJECTS)
def test_each_delay_wording_is_a_delay(words: str) -> None:
    assert row_6(make_email(return_path="", subject=words.title(), text="user unknown")) is Kind.DELAY


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("MAILER-DAEMON@x.example", ""),
        ("MAILER-DAEMON", ""),
        ("mail-daemon@x.example", ""),
        ("postmaster@x.example", ""),
        ("post_master@x.example", ""),
        ("PostMaster+1@x.example", ""),
        ("anything@x.example", "Mail Delivery Subsystem"),
        ("anything@x.example", "mail delivery system"),
    ],
)
def test_a_mail_server_is_known_by_its_address_or_name(sender: str, name: str) -> None:
    plain = make_email(senders=(address(sender, name),))
    assert row_6(plain) is Kind.NOTIFICATION
    assert row_6(make_email(senders=plain.senders, subject="failure notice")) is Kind.BOUNCE


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("MAILER-DAEMON <>", Kind.BOUNCE),
        ('"Jetmail System" <>', Kind.BOUNCE),
        ('"Mail Delivery System"', Kind.BOUNCE),
        ("", None),
        ("Erin Example", None),
    ],
)
def test_a_from_field_without_an_address_is_a_mail_servers_if_it_is_empty(value: str, kind: Kind | None) -> None:
    assert row_6(make_email({"From": value}, senders=(), subject="Mail delivery failed")) is kind


@pytest.mark.parametrize("name", MACHINE_NAMES)
def test_names_that_a_person_may_have_count_for_row_7_only(name: str) -> None:
    sender = (address("x1@x.example", name.title()),)
    assert row_6(make_email(senders=sender, subject=SUBJECT, text=BODY)) is None
    assert row_7(make_email(senders=sender, subject=SUBJECT, text=BODY)) is Kind.BOUNCE
    assert row_7(make_email(senders=sender, subject=SUBJECT)) is None


def test_so_many_senders_are_looked_at() -> None:
    crowd = ("erin@x.example",) * 10
    assert row_7(make_email(senders=(*crowd[1:], "noreply@x.example"), subject=SUBJECT, text=BODY)) is Kind.BOUNCE
    assert row_7(make_email(senders=(*crowd, "noreply@x.example"), subject=SUBJECT, text=BODY)) is None


def test_a_sender_without_a_name_is_known_by_its_local_part() -> None:
    assert row_7(make_email(senders="System_Administrator@x.example", subject=SUBJECT, text=BODY)) is Kind.BOUNCE


@pytest.mark.parametrize(
    ("sender", "name"),
    [("erin@x.example", "Erin"), ("postmasters@x.example", ""), ("erin@x.example", "My Mail Delivery")],
)
def test_anybody_else_is_not_asked_by_row_6(sender: str, name: str) -> None:
    assert row_6(make_email(senders=(address(sender, name),), subject="failure notice", text="user unknown")) is None


@pytest.mark.parametrize(
    ("email", "kind"),
    [
        (make_email(senders="noreply@x.example", subject=SUBJECT, text=BODY), Kind.BOUNCE),
        (make_email(return_path="", subject=SUBJECT, text=BODY), Kind.BOUNCE),
        (make_email(senders="noreply@x.example", subject=SUBJECT, text="Hello"), None),
        (make_email(senders="noreply@x.example", subject="Hello", text=BODY), None),
        (make_email(subject=SUBJECT, text=BODY), None),
        (make_email(senders="noreply@x.example", subject=f"Fwd: {SUBJECT}", text=BODY), None),
        (make_email(senders="noreply@x.example", subject=f"WG: {SUBJECT}", text=BODY), None),
        (make_email(senders="noreply@x.example", subject=f"Re: {SUBJECT}", text=BODY), None),
        (make_email(senders="noreply@x.example", subject=f"AW[2]: {SUBJECT}", text=BODY), None),
    ],
)
def test_row_7_wants_both_wordings_from_a_machine_and_no_prefix(email: Email, kind: Kind | None) -> None:
    assert row_7(email) is kind


@pytest.mark.parametrize(
    ("email", "sender"),
    [
        (make_email(return_path=""), "null Return-Path"),
        (make_email(senders="mailer-daemon@x.example"), "From mailer-daemon@x.example"),
        (make_email({"From": "MAILER-DAEMON <>"}, senders=()), "From MAILER-DAEMON <>"),
        (make_email(senders=("erin@x.example", "noreply@x.example")), "From noreply@x.example"),
    ],
)
def test_row_7_says_which_machine_wrote_which_words(email: Email, sender: str) -> None:
    hit = bounce_wording(replace(email, subject=SUBJECT, text=BODY))
    assert hit is not None
    assert hit.detail == f"{sender}, subject has 'delivery failure', text has 'unknown user'"


def test_only_the_beginning_of_a_text_is_searched() -> None:
    assert body_words(make_email(text="x" * 16_000 + " user unknown")) == ""
    assert body_words(make_email(text="x " * 100 + " user unknown"))


@pytest.mark.parametrize("words", [BOUNCE_SUBJECTS, BOUNCE_BODIES, DELAY_SUBJECTS])
def test_the_lists_are_lower_case_and_without_repeats(words: tuple[str, ...]) -> None:
    assert len(set(words)) == len(words)
    assert all(one == " ".join(one.lower().split()) for one in words)


def test_an_ordinary_mail_has_no_wording() -> None:
    assert subject_words(make_email()) == ""
    assert body_words(make_email()) == ""
