"""What is an mbox and what is one mail, so that nothing of a file is lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailcase.cli.mail_files import arrivals
from mailcase.errors import Permanent

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def taken(file: Path, content: bytes) -> list[bytes]:
    file.write_bytes(content)
    return [one.raw for one in arrivals(file, "support", NOW, [], no_ack=False)]


@pytest.mark.parametrize(
    "content",
    [
        b"From a@b Sat Nov 21\rSubject: old Mac\r\rtext\r",
        b"From a@b Sat Nov 21\rSubject: x\r\rtext\nmore\n",
        b"From: a@b\nSubject: x\n\ntext\n",
        b"From " + b"x" * 5000,
        b"",
    ],
)
def test_what_is_no_mbox_is_one_mail_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    assert taken(tmp_path / "file", content) == [content]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_is_every_mail_in_it(tmp_path: Path, end: bytes) -> None:
    one = b"From a@b Sat Nov 21 09:15:00 2026" + end + b"Subject: x" + end + end + b"text" + end + end
    assert len(taken(tmp_path / "box", one * 3)) == 3


def test_an_empty_mail_in_an_mbox_is_refused_and_not_taken_for_a_mail(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="no mbox"):
        taken(tmp_path / "box", b"From a@b Sat Nov 21 09:15:00 2026\n")
