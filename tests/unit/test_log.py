"""The log holds every event, and neither secrets nor, unless asked, people."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog

from mailcase import log
from mailcase.log import Event, bound, emit

PACKAGE: Final = Path(log.__file__).parent


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_what_was_bound() -> None:
    out = io.StringIO()
    log.configure(stream=out)
    with bound(mailbox="support", uid=7):
        emit(Event.DELIVERY, outcome="created", message_id="<a@b>")
    emit(Event.STOPPED)
    first, second = lines(out)
    assert first.items() >= {"event": "delivery", "mailbox": "support", "uid": 7, "outcome": "created"}.items()
    assert (first["level"], second["event"]) == ("info", "stopped")
    assert "mailbox" not in second


def test_people_and_subjects_are_there_at_debug_only() -> None:
    for debug in (False, True):
        out = io.StringIO()
        log.configure(stream=out, debug=debug)
        emit(Event.DELIVERY, subject="my illness", sender="jane@x.example")
        assert ("illness" in out.getvalue()) is debug
        assert ("jane" in out.getvalue()) is debug


def test_a_secret_never_gets_there() -> None:
    out = io.StringIO()
    log.configure(stream=out, debug=True)
    emit(Event.LOGIN_REFUSED, password="hunter2", api_token="hunter2", client_secret="hunter2")
    assert "hunter2" not in out.getvalue()


@pytest.mark.parametrize("name", ["aioimaplib.aioimaplib", "aiosmtplib", "sqlalchemy.engine"])
def test_libraries_that_quote_mail_or_passwords_are_never_heard_below_warning(name: str) -> None:
    out = io.StringIO()
    log.configure(stream=out, debug=True)
    library = logging.getLogger(name)
    library.setLevel(logging.DEBUG)
    library.debug("LOGIN me hunter2")
    library.info("LOGIN me hunter2")
    library.warning("gone")
    library.setLevel(logging.NOTSET)
    assert [line["event"] for line in lines(out)] == ["gone"]


def test_other_libraries_come_through_in_the_same_form() -> None:
    out = io.StringIO()
    log.configure(stream=out)
    logging.getLogger("some.library").warning("said %s", "so")
    assert lines(out)[0].items() >= {"event": "said so", "level": "warning"}.items()


def test_control_characters_of_a_mail_do_not_reach_the_terminal() -> None:
    for console in (True, False):
        out = io.StringIO()
        log.configure(stream=out, console=console, debug=True)
        emit(Event.DELIVERY, subject="a\x1b]0;owned\x07\nsecond line")
        assert "\x1b]0" not in out.getvalue()
        assert out.getvalue().count("\n") == 1


def test_each_event_has_its_own_word_and_says_something() -> None:
    words = [event.word for event in Event]
    assert len(set(words)) == len(words)
    assert all(event.says for event in Event)


def test_each_event_is_written_somewhere() -> None:
    trees = (ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    named = {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "Event"}
    assert {event.name for event in Event} - named == set()
