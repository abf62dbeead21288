"""K5's list of local parts that no person reads."""

import re

import pytest

from mailcase.junk.robot_words import spelled
from mailcase.junk.robots import ROBOT_LOCALS, daemon_sender, robot
from mailcase.message import Email
from tests.builders import CUSTOMER, make_email

ROBOTS = {
    "mailer-daemon": ["mailer-daemon", "mailer_daemon", "mailerdaemon", "mail-daemon"],
    "postmaster": ["postmaster", "post_master", "post-master"],
    "no-reply": ["noreply", "no-reply", "no_reply", "no.reply", "noreply+x", "noreply-de", "crm-noreply", "noreply2"],
    "do-not-reply": ["donotreply", "do-not-reply", "do_not_reply", "do.not.reply", "billing-donotreply"],
    "bounce": ["bounce", "bounces", "bounce+erin=x.example", "bounces+1", "bounce-12-erin", "bounces-7"],
    "*-bounces": ["list-bounces", "list-bounces+erin=x.example"],
    "owner-*": ["owner-list"],
    "*-request": ["list-request"],
    "*-owner": ["list-owner"],
    "listserv": ["listserv"],
    "majordomo": ["majordomo"],
    "daemon": ["daemon"],
    "root": ["root", "root+cron"],
    "cron": ["cron", "cron+backup", "crondaemon", "cron-daemon", "cron_job", "cron.jobs", "crontab", "crontabs"],
    "www-data": ["www-data"],
    "auto*reply": ["autoreply", "auto-reply", "auto_reply", "automatic.reply"],
    "notification": ["notification", "notifications", "shop-notification", "notifications+7"],
    "newsletter": ["newsletter", "newsletters", "enews", "e-news", "newsflash", "card_newsflash"],
    "no-reply (English)": [
        "dontreply",
        "notreply",
        "noresponse",
        "no.respond",
        "no_answer",
        "do-not-respond",
        "do_not_answer",
        "dont.respond",
        "dont-answer",
    ],
    "no-reply (German)": [
        "nichtantworten",
        "nicht.antworten",
        "nicht-antworten",
        "bitte_nicht_antworten",
        "nicht-antworten-7",
        "nichtantworten2",
        "nicht-beantworten",
        "nichtbeantworten",
        "keineantwort",
        "keine-antwort",
        "keine-antwort+x",
        "keineantworten",
        "keinerueckantwort",
        "keine-rückantwort",
        "keineruckantwort",
    ],
    "no-reply (French)": [
        "nepasrepondre",
        "ne-pas-repondre",
        "ne_pas_répondre",
        "ecole.nepasrepondre",
        "nerepondezpas",
    ],
    "no-reply (Spanish)": [
        "noresponder",
        "no-responder",
        "no.responda",
        "norespondas",
        "no_respondan",
        "nocontestar",
        "no-conteste",
    ],
    "no-reply (Italian)": ["nonrispondere", "non-rispondere", "non.rispondete"],
    "no-reply (Dutch)": ["nietbeantwoorden", "niet-beantwoorden", "niet_antwoorden", "nietreageren", "geenantwoord"],
    "no-reply (Portuguese)": ["naoresponda", "nao-responda", "não-responda", "nao.responder", "naorespondas"],
    "no-reply (Polish)": ["nieodpowiadaj", "nie-odpowiadaj", "nie_odpowiadac", "nie.odpowiadać"],
    "automailer": [
        "automailer",
        "auto-mailer",
        "shop.automailer",
        "automatic-mailer",
        "autoresponder",
        "auto_responder",
        "autorespond",
        "auto.response",
        "autoantwort",
    ],
}


def test_every_pattern_has_examples() -> None:
    assert list(ROBOTS) == list(ROBOT_LOCALS)


@pytest.mark.parametrize(("name", "local"), [(name, local) for name, locals_ in ROBOTS.items() for local in locals_])
def test_each_robot_is_known_by_its_local_part(name: str, local: str) -> None:
    assert robot(f"{local}@x.example") == name


@pytest.mark.parametrize(
    ("local", "fits"),
    [
        ("ab", True),
        ("a-b", True),
        ("a_b", True),
        ("a.b", True),
        ("a b", False),
        ("a--b", False),
        ("cd", True),
        ("e", True),
        ("abcd", False),
        (f"{'x' * 64}-ab", True),
        (f"{'x' * 65}-ab", False),
        (f"ab-{'x' * 64}", True),
        (f"ab-{'x' * 65}", False),
        ("x+ab7x", True),
        ("xab", False),
        ("abx", False),
        ("", False),
    ],
)
def test_words_stand_alone_or_at_a_separator(local: str, fits: bool) -> None:
    assert bool(re.fullmatch(spelled(("a b", "c d", "e")), local)) is fits


def test_a_robot_without_a_domain_is_one_too() -> None:
    assert robot("mailer-daemon") == "mailer-daemon"


@pytest.mark.parametrize(
    "local",
    [
        "norepla",
        "norepleyen",
        "anna.noreplyson",
        "reply",
        "rootes",
        "groot",
        "bouncer",
        "bouncey.castle",
        "postmasters",
        "request",
        "owner",
        "daemonica",
        "autorepair",
        "news",
        "newsome",
        "notify",
        "erin",
        "",
        "noreply@erin",
        "anna.cron",
        "cron.anna",
        "cronin",
        "cron2005",
        "micron",
        "nichtantwortende",
        "xnichtantworten",
        "antwort",
        "antworten",
        "keine",
        "nicht.anton",
        "janepasrepondre",
        "responder",
        "norespondre",
        "mino.responder",
        "geen.antwoordt",
        "rispondere",
        "mailer",
        "automail",
        "autoresponders",
        "no",
    ],
)
def test_people_are_safe(local: str) -> None:
    assert robot(f"{local}@x.example") == ""


def test_the_domain_does_not_count() -> None:
    assert robot("erin@noreply.example") == ""


@pytest.mark.parametrize(
    "email",
    [
        make_email(senders="mailer-daemon@erin@x.example"),
        make_email(senders=(CUSTOMER,) * 10 + ("mailer-daemon@x.example",)),  # so many are looked at
        make_email({"From": f"{CUSTOMER}, <>"}),
        make_email({"From": "Xmailer-daemon"}, senders=()),
    ],
)
def test_a_senders_daemon_is_whole_and_near_the_top(email: Email) -> None:
    assert daemon_sender(email) == ""


@pytest.mark.parametrize(
    "local", ["-" * 50_000, "noreply" * 8_000, "auto" * 12_000, "a-" * 25_000 + "owner", "@" * 50_000]
)
def test_hostile_local_parts_are_read_without_an_error(local: str) -> None:
    assert isinstance(robot(f"{local}@x.example"), str)
