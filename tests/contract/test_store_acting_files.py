"""Files of acts that are refused: their bytes are not kept where nothing names them, on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailcase.desk import cases
from mailcase.errors import Permanent
from mailcase.life.changes import File
from mailcase.life.creating import NewCase
from mailcase.store.store import Store
from tests.builders import CUSTOMER
from tests.contract.acting_kit import ROOT, Office, letter

FILES = (File("notes.txt", "text/plain", b"how to"),)
BOB = "bob@visitor.example"


@pytest.fixture
def office(url: str, tmp_path: Path) -> Iterator[Office]:
    """SR-1 of a mail, and raw mail in a folder."""
    store = Store.open(url, tmp_path, raw="file:raw/")
    made = Office(store)
    made.hire()
    made.receive(letter("a"))
    yield made
    store.close()


def kept(folder: Path) -> int:
    return sum(one.is_file() for one in (folder / "raw").rglob("*"))


@pytest.mark.parametrize(
    "act",
    [
        lambda desk: cases.attach(desk, "SR-1", ROOT, (File("a.exe", "", b"x"),)),
        lambda desk: cases.attach(desk, "SR-9", ROOT, FILES),
        lambda desk: cases.reply(desk, "SR-1", ROOT, "", FILES),
        lambda desk: cases.reply(desk, "SR-1", ROOT, "Hello", FILES, cc=("no address",)),
        lambda desk: cases.create(desk, NewCase("Mouse", contact=CUSTOMER, files=FILES), ROOT),  # has one of the kind
        lambda desk: cases.create(desk, NewCase("Mouse", contact="no address", files=FILES), ROOT),
        lambda desk: cases.create(desk, NewCase("", contact=BOB, files=FILES), ROOT),
    ],
)
def test_what_is_refused_keeps_no_file(office: Office, tmp_path: Path, act: Callable[[Any], object]) -> None:
    before = kept(tmp_path)
    with pytest.raises(Permanent):
        act(office.desk)
    assert kept(tmp_path) == before


def test_a_case_of_somebody_new_keeps_its_files(office: Office, tmp_path: Path) -> None:
    before = kept(tmp_path)
    made = cases.create(office.desk, NewCase("Mouse", contact=BOB, files=FILES), ROOT)
    assert kept(tmp_path) == before + 1
    assert [one["name"] for one in office.case(made.number)["files"]] == ["notes.txt"]
