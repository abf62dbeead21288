"""Placeholders in golden files, which stand for marks that only our key can sign."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from mailcase.intake.parse import read
from mailcase.message import Email
from mailcase.tokens import TokenKeys, mark, message_id, reference, sub_address_token

KEYS: Final = TokenKeys((b"golden test key, 32 bytes long!!",))
DOMAIN: Final = "helpdesk.example"
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)((?:\s+\w+=[^\s}]+)*)\s*\}\}")


def fill(text: str) -> str:
    """Replace `{{mark case=12 automatic=yes ref=a group=default}}` and its kin by validly signed text.

    `mark` is the bare mark, `message_id` a Message-ID of ours with it, `sub_address` our signed Reply-To.
    """
    return _PLACEHOLDER.sub(_signed, text)


@cache
def read_table(path: Path) -> Mapping[str, Any]:
    """A TOML file, its placeholders filled; read once, so nobody may change it."""
    return tomllib.loads(fill(path.read_text("utf-8")))


def _signed(found: re.Match[str]) -> str:
    given = dict(pair.split("=", 1) for pair in found[2].split())
    group, case = given.pop("group", "default"), int(given.pop("case"))
    automatic, ref = given.pop("automatic", "yes") == "yes", given.pop("ref", "a")
    assert not given, f"unknown keys in {found[0]}"
    signed = mark(KEYS, group, case, reference("golden", ref), automatic=automatic)
    forms = {
        "mark": signed,
        "message_id": message_id(signed, DOMAIN),
        "sub_address": f"support+SR-{case}.{sub_address_token(KEYS, group, case)}@{DOMAIN}",
    }
    return forms[found[1]]


@cache
def read_mail(path: Path) -> Email:
    """The parsed mail of a file, its placeholders filled; read once."""
    return read(fill(path.read_bytes().decode("latin-1")).encode("latin-1"))
