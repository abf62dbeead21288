"""One line of the blacklist: how it is read to its last character, and what is said of one that is wrong."""

from datetime import date

import pytest

from mailcase.junk.blacklist_entry import BlacklistLine, parse_line

FORMS = "jane@example.com, example.com, *.example.com, noreply@ or *promo*@"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("\ufeff# a comment", None),
        ("Xavier@x.example", ("address", "xavier@x.example")),
        ("a@x.example # moved # twice", ("address", "a@x.example")),
        ("a@x.example\t# moved\t# twice", ("address", "a@x.example")),
        ('"jane x"@x.example', ("address", "jane x@x.example")),
        ('"a@b"@x.example', ("address", "a@b@x.example")),
        ('"a@b"@', ("local", "a@b")),
        ("X@", ("local", "x")),
        (f"a@{'x' * 990}.example"[:1000], ("address", f"a@{'x' * 990}.example"[:1000])),
    ],
)
def test_a_line_is_read_to_its_end(line: str, wanted: tuple[str, str] | None) -> None:
    found = parse_line(7, line)
    assert (found and (found.form, found.value)) == wanted


def test_what_is_no_end_date_is_a_note() -> None:
    found = parse_line(7, "a@x.example; see=ticket 7; Until = 2027-01-31; until")
    assert found == BlacklistLine(
        7, "a@x.example", "address", "a@x.example", False, date(2027, 1, 31), "see=ticket 7; until"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<a@x.example>", f"'<a@x.example>' is not an address alone; write one of {FORMS}, without a name"),
        ("x(*).example", f"'x(*).example' is not a domain; write one of {FORMS}"),
        ("-.example", f"'-.example' is not a domain; write one of {FORMS}"),
        ("a@x.example; until==2027-01-31", "'=2027-01-31' is no date; write until=2027-01-31"),
        ("x" * 1_001, "the line is too long; at most 1000 characters"),
        ("a@x.example; until=soon", "'soon' is no date; write until=2027-01-31"),
        ("!", f"there is no entry; write one of {FORMS}"),
        ("Jane <a@x>", f"'Jane <a@x>' is not an address alone; write one of {FORMS}, without a name"),
        ("@x.example", f"'@x.example' is not an address; write one of {FORMS}"),
        ("**@", "'**@' would block everyone; name a part, such as *promo*@"),
        ("*.", "'*.' is not a domain; *. needs a domain, such as *.example.com"),
        ("x*y.example", f"'x*y.example' is not a domain; write one of {FORMS}"),
        (
            "*Xspam*",
            "'*Xspam*' is not a domain; for a whole local part write Xspam@, for a part of it *Xspam*@, "
            "for a top-level domain *.Xspam",
        ),
    ],
)
def test_a_wrong_line_is_told_with_its_number_and_the_cure(line: str, said: str) -> None:
    with pytest.raises(ValueError, match="blacklist line") as caught:
        parse_line(7, line)
    assert str(caught.value) == f"blacklist line 7: {said}"
