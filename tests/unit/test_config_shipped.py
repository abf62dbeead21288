"""The shipped files show every key with its default, and `init` can hand them out as they are."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mailcase.config import Settings, load
from mailcase.configuration.layers import section_at
from mailcase.configuration.mailbox import ImapSection, MailboxSection, MaildirSection, Oauth2Section, SmtpSection
from mailcase.junk.blacklist import Blacklist
from mailcase.shipped import FOLDER, shipped_files

TEXT = (FOLDER / "mailcase.toml").read_text("utf-8")
MAILBOX = '\n[[mailbox]]\nname = "a"\naddress = "a@example.com"\n[mailbox.smtp]\nhost = "localhost"\n'


def load_text(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "mailcase.toml"
    file.write_text(text, "utf-8")
    return load(file, {})


def uncommented(pattern: str) -> str:
    return "\n".join(re.sub(pattern, "", line) for line in TEXT.splitlines())


def keys(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, one in model.model_fields.items():
        yield (*path, one.alias or name)
        if below := section_at(model, (name,)):
            yield from keys(below, (*path, name))


def test_uncommenting_every_key_gives_exactly_the_defaults(tmp_path: Path) -> None:
    shipped = load_text(tmp_path, uncommented(r"^# (?=[a-z_]+ = |\[)") + MAILBOX).model_dump()
    default = load_text(tmp_path, MAILBOX).model_dump()
    reasons = shipped["junk"].pop("closing_reasons")
    assert default["junk"].pop("closing_reasons") == {}
    assert shipped == default
    assert reasons == {
        "blacklisted": "Received from blacklisted email",
        "auto_reply": "Received as an automatic reply",
        "spam_header": "Marked as spam by the mail server",
    }


def test_every_key_is_shown() -> None:
    missing = [path for path in keys(Settings) if not re.search(rf"\b{path[-1]}\b", TEXT)]
    missing = [path for path in missing if path[-1] not in ("kind", "place", "plain")]
    assert missing == []


def test_the_keys_of_a_mailbox_are_shown_with_their_defaults() -> None:
    block = TEXT[TEXT.index("# All keys of a mailbox") :]
    lines = [line[4:] for line in block.splitlines() if line.startswith("#   ")]
    shown: dict[str, Any] = tomllib.loads("\n".join(lines))["mailbox"][0]
    models: list[tuple[type[BaseModel], dict[str, Any]]] = [
        (ImapSection, shown.pop("imap")),
        (SmtpSection, shown.pop("smtp")),
        (MaildirSection, shown.pop("maildir")),
        (Oauth2Section, shown.pop("oauth2")),
        (MailboxSection, shown),
    ]
    for model, values in models:
        required = {"name": "a", "address": "a@b.example", "host": "h", "user": "u", "password": "p"}
        needed = {key: required[key] for key in required if key in model.model_fields and key not in values}
        if model is SmtpSection:
            needed.pop("password")
        needed |= {key: values[key] for key, one in model.model_fields.items() if one.is_required() and key in values}
        made = model.model_validate({**needed, **values}).model_dump()
        assert made == model.model_validate(needed).model_dump()
        tables_and_secrets = {key for key, one in model.model_fields.items() if one.default is None}
        assert set(values) | set(needed) | tables_and_secrets >= set(model.model_fields)


def test_the_example_mailbox_becomes_a_mailbox(tmp_path: Path) -> None:
    start, end = TEXT.index("#   [[mailbox]]"), TEXT.index("# All keys of a mailbox")
    lines = [line.removeprefix("#").strip() for line in TEXT[start:end].splitlines()]
    box = load_text(tmp_path, "\n".join(lines)).mailbox[0]
    assert box.imap is not None
    assert box.smtp is not None
    assert (box.name, box.imap.port, box.smtp.port) == ("support", 993, 587)


def test_the_shipped_blacklist_blocks_nobody_and_its_examples_are_right() -> None:
    text = (FOLDER / "blacklist.txt").read_text("utf-8")
    assert Blacklist.parse(text).lines == ()
    robots = [line for line in text.splitlines() if re.fullmatch(r"#[a-z-]+@", line)]
    assert len(Blacklist.parse("\n".join(line[1:] for line in robots)).lines) == 5
    examples = [line[4:].split("   ")[0] for line in text.splitlines() if line.startswith("#   ")]
    assert len(Blacklist.parse("\n".join(examples)).lines) == 7


def test_shipped_files_are_found_and_hold_no_key() -> None:
    found = [str(file) for file in shipped_files()]
    assert {"mailcase.toml", "blacklist.txt"} <= set(found)
    assert not [name for name in found if "key" in name or "password" in name]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", ["registration", "followed", "reopened", "neutral"])
def test_each_shipped_template_is_there_in_both_languages(language: str, name: str) -> None:
    assert Path(f"templates/{language}/{name}.txt") in shipped_files()
