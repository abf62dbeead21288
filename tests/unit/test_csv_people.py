"""CSV of people: what spreadsheets write is read, mistakes are named with line and column, and no cell calculates."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcase.errors import Permanent
from mailcase.life.csv_people import SEPARATORS, CsvRow, plain, protected, read, write
from mailcase.life.entries import FORMS, Entry, Form, Kind

AGENT, GROUP, ACCOUNT, CONTACT = (FORMS[one] for one in (Kind.AGENT, Kind.GROUP, Kind.ACCOUNT, Kind.CONTACT))
FULL = "address,name,language,timezone,role,groups,organizations,active\n"
JANE: Entry = {
    "address": "jane@x.example", "name": "Jane", "language": "de", "timezone": "Europe/Berlin", "role": "admin",
    "groups": ("A", "B c"), "organizations": (), "active": False,
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"address,name,language,timezone,role,groups,organizations,active\n"
        b"jane@x.example,Jane,DE,Europe/Berlin,Admin,A|B c|A,,no\n",
        b"\xef\xbb\xbfaddress;name;language;timezone;role;groups;organizations;active\r\n"
        b'jane@x.example;"Jane";de;Europe/Berlin;admin;A | B c;;nein\r\n;;;;;;;\r\n',
        b"Address ,NAME,language,timezone,role,groups,organizations,active,,\r"
        b"jane@x.example,Jane,de,Europe/Berlin,admin,A|B c,,0,,\r\r",
    ],
    ids=["commas", "semicolons with a BOM", "old line ends, empty columns"],
)
def test_what_spreadsheets_write_is_read(content: bytes) -> None:
    assert read(AGENT, content) == [CsvRow(2, JANE)]


def test_a_column_that_is_not_there_says_nothing() -> None:
    assert read(AGENT, b"name,address\nJane,jane@x.example\n\nBob,bob@x.example") == [
        CsvRow(2, {"name": "Jane", "address": "jane@x.example"}),
        CsvRow(4, {"name": "Bob", "address": "bob@x.example"}),
    ]


@pytest.mark.parametrize(
    ("form", "text", "told"),
    [
        (AGENT, "", "the file is empty; its first line names columns: address, name"),
        (AGENT, "address,mail\n", "line 1, column 2: there is no column 'mail'; there are address, name"),
        (AGENT, "address,name,Name\n", "line 1, column 3: name stands there twice"),
        (AGENT, "name\nJane\n", "line 1: the column address is missing"),
        (AGENT, "address,name\nx\n", "line 2: has 1 cells, the first line 2"),
        (AGENT, "address,name\nj@x.example,Doe,Jane\n", "line 2: has 3 cells, the first line 2"),
        (AGENT, "address,name\njane,J\n", "line 2, column address: expected one mail address"),
        (AGENT, "address,name\n,J\n", "line 2, column address: expected one mail address"),
        (AGENT, "address,name\n\nj@x.example,\n", "line 3, column name: expected a name"),
        (AGENT, "address,timezone\nj@x.example,Mars\n", "line 2, column timezone: expected a time zone such as UTC"),
        (AGENT, "address,language\nj@x.example,german\n", "line 2, column language: expected a language such as en"),
        (AGENT, "address,role\nj@x.example,boss\n", "line 2, column role: expected agent or admin, not 'boss'"),
        (AGENT, "address,active\nj@x.example,maybe\n", "line 2, column active: expected yes or no, not 'maybe'"),
        (AGENT, "address\nj@x.example\nb@x.example\nJ@X.example\n", "line 4, column address: j@x.example stands"),
        (GROUP, "name\nOne\none\n", "line 3, column name: one stands in line 2 already"),
        (GROUP, "name,members\nOne,a@x.example b@x.example\n", "column members: expected one mail address"),
        (GROUP, "name,members\nOne,a@x.example b@x.example\n", "several are separated by |"),
        (ACCOUNT, "name,domains\nV,visitor example\n", "line 2, column domains: expected a domain such as example.com"),
        (CONTACT, "addresses,name\n,Erin\n", "line 2, column addresses: is empty: nobody is meant"),
        (CONTACT, "addresses\na@x.example|b@x.example\nc@x.example|B@x.example\n", "line 3, column addresses: b@x"),
        (AGENT, 'address,name\nj@x.example,"Jane\nb@x.example,Bob\n', "line 2: is not CSV"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_line_column_and_what_was_expected(form: Form, text: str, told: str) -> None:
    with pytest.raises(Permanent) as refused:
        read(form, text.encode())
    assert told in str(refused.value)


def test_another_charset_is_named_and_many_mistakes_are_told_together() -> None:
    with pytest.raises(Permanent, match=r"line 2: is not UTF-8 text; save it as CSV in UTF-8"):
        read(AGENT, "address,name\nj@x.example,Müller\n".encode("latin-1"))
    with pytest.raises(Permanent) as refused:
        read(AGENT, ("address\n" + "nobody\n" * 25).encode())
    assert (str(refused.value).count("expected one mail"), str(refused.value)[-12:]) == (20, "… and 5 more")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-5", "'-5"),
        ("@cmd", "'@cmd"),
        ("'=1", "''=1"),
        ("Jane;=cmd()", "Jane;'=cmd()"),
        ('Jane,"=cmd()', "Jane,\"'=cmd()"),
        ("O'Neil - x@y.example", "O'Neil - x@y.example"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_calculate_is_protected_and_read_back(cell: str, shown: str) -> None:
    assert (protected(cell), plain(shown)) == (shown, cell)


@given(st.text("=+-@'\";, \t|ax", max_size=12))
def test_no_protection_is_lost_or_taken_twice(cell: str) -> None:
    assert plain(protected(cell)) == cell


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(str.strip).filter(bool)


@given(st.lists(NAMES, max_size=4), NAMES, st.booleans(), st.sampled_from(SEPARATORS))
def test_what_is_written_is_read_again(members: list[str], name: str, active: bool, separator: str) -> None:
    entry: Entry = {**JANE, "name": name, "groups": tuple(dict.fromkeys(members)), "active": active}
    assert read(AGENT, write(AGENT, [entry], separator).encode("utf-8-sig")) == [CsvRow(2, entry)]


@given(NAMES, st.sampled_from(SEPARATORS), st.sampled_from(SEPARATORS))
@example("a\u2028=1", ",", ";")  # no line ends there for a spreadsheet
def test_whatever_separator_a_spreadsheet_takes_no_cell_begins_a_formula(name: str, ours: str, taken: str) -> None:
    text = write(ACCOUNT, [{"name": name, "domains": (), "active": True}], ours)
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=taken) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
