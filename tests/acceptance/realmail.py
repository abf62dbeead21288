"""The real mails of MAILCASE_REALMAIL, read in place and parsed once a test process."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from mailcase.intake.parse import read
from mailcase.message import Email

FOLDER: Final = os.environ.get("MAILCASE_REALMAIL", "")
MARKS: Final = [pytest.mark.realmail, pytest.mark.skipif(not FOLDER, reason="MAILCASE_REALMAIL is not set")]


@dataclass(frozen=True)
class RealMail:
    """One line of the index with its mail."""

    file: str
    sha256: str
    oracle: dict[str, Any]  # what its own project asserts of it
    raw: bytes
    email: Email


@cache
def real_mails() -> tuple[RealMail, ...]:
    """All of them, in the order of the index."""
    folder = Path(FOLDER)
    entries = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
    raws = [(folder / one["file"]).read_bytes() for one in entries]
    return tuple(
        RealMail(one["file"], one["sha256"], one["oracle"], raw, read(raw))
        for one, raw in zip(entries, raws, strict=True)
    )
