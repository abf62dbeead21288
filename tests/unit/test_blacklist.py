"""The blacklist (B6), and the ways of evading it (F39)."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.addresses import key_of
from mailcase.junk.blacklist import Blacklist, BlacklistVerdict

TODAY = date(2026, 11, 3)


def blocked(text: str, *addresses: str, today: date = TODAY) -> bool:
    return Blacklist.parse(text).judge([key_of(one) for one in addresses], today).blocked


FORMS = [
    ("jane@example.com", "jane@example.com", True),
    ("jane@example.com", "june@example.com", False),
    ("jane@example.com", "jane@mail.example.com", False),
    ("example.com", "anyone@example.com", True),
    ("example.com", "anyone@mail.example.com", False),
    ("example.com", "anyone@notexample.com", False),
    ("example.com", "anyone@example.com.evil.example", False),
    ("*.example.com", "anyone@example.com", True),
    ("*.example.com", "anyone@a.b.example.com", True),
    ("*.example.com", "anyone@notexample.com", False),
    ("*.example", "anyone@a.b.example", True),
    ("*.example", "anyone@example.com", False),
    ("*.пример", "anyone@a.xn--e1afmkfd", True),
    ("noreply@", "noreply@example.com", True),
    ("noreply@", "noreply@other.example", True),
    ("noreply@", "noreply2@example.com", False),
    ("noreply@", "xnoreply@example.com", False),
    ("mailer-daemon@", "MAILER-DAEMON", True),
    ("*promo*@", "bigpromo7@example.com", True),
    ("*promo*@", "promo@example.com", True),
    ("*promo*@", "erin@promo.example", False),
    ("promo*@", "promo1@example.com", True),
    ("promo*@", "bigpromo@example.com", False),
    ("*promo@", "bigpromo@example.com", True),
    ("*promo@", "promo1@example.com", False),
    ("a*b*c@", "axxbyyc@example.com", True),
    ("a*b*c@", "axxcyyb@example.com", False),
    ("ab*ba@", "aba@example.com", False),
    ("*an*an*@", "jan@example.com", False),
    ("*an*an*@", "joanjan@example.com", True),
    ("a*b@", "ab@example.com", True),
    ("a*a@", "a@example.com", False),
    ("a*bc*c@", "abc@example.com", False),
    ("a*bc*c@", "abcc@example.com", True),
    ("ab*b*@", "ab@example.com", False),
    ("ab*b*@", "abb@example.com", True),
    ("xx*ab*ab*@", "xxxxab@example.com", False),
    ("xx*ab*ab*@", "xxabab@example.com", True),
    ("a*b*c*d@", "a1b2c3d@example.com", True),
    ("a*b*c*d@", "a1c2b3d@example.com", False),
]


@pytest.mark.parametrize(("entry", "address", "expected"), FORMS)
def test_each_form_of_an_entry_blocks_what_it_names(entry: str, address: str, expected: bool) -> None:
    assert blocked(entry, address) is expected


EVERYONE = "\n".join(f"*{letter}*@" for letter in "aejmnp")


@pytest.mark.parametrize(("entry", "address", "expected"), FORMS)
def test_each_form_with_a_bang_allows_what_it_names(entry: str, address: str, expected: bool) -> None:
    assert blocked(EVERYONE, address)
    assert blocked(f"{EVERYONE}\n!{entry}", address) is not expected


EVASIONS = [
    ("bad@evil.example", "BAD@Evil.Example"),
    ("bad@evil.example", "bad+tag@evil.example"),
    ("bad@evil.example", "bad+a+b@evil.example"),
    ("bad@evil.example", '"bad"@evil.example'),
    ("bad@evil.example", r'"b\ad"@evil.example'),
    ("bad@evil.example", "bad@evil.example."),
    ("bad@evil.example", "bad(comment)@evil.example"),
    ("bad@evil.example", "(comment)bad@(other)evil.example"),
    ("bad@evil.example", "bad @ evil.example"),
    ("bad@evil.example", "<bad@evil.example>"),
    ("bad@evil.example", "ｂａｄ@evil.example"),
    ("evil.example", "x@EVIL.example"),
    ("evil.example", '"x@good.example"@evil.example'),
    ("evil.example", "x@evil。example"),
    ("evil.example", "x@ｅｖｉｌ.example"),
    ("bücher.example", "x@bücher.example"),
    ("bücher.example", "x@xn--bcher-kva.example"),
    ("xn--bcher-kva.example", "x@BÜCHER.example"),
    ("*.bücher.example", "x@mail.xn--bcher-kva.example"),
    ("x@bücher.example", "X@xn--bcher-kva.example"),
    ("noreply@", '"noreply"@evil.example'),
    ("noreply@", "NoReply+x@evil.example"),
    ("*promo*@", "BigPROMO+x@evil.example"),
]


@pytest.mark.parametrize(("entry", "address"), EVASIONS)
def test_no_spelling_of_an_address_evades(entry: str, address: str) -> None:
    assert blocked(entry, address)


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("Bad+tag@Evil.Example", "bad@evil.example"),
        ("bad+one@evil.example", "bad+two@evil.example"),
        ('"bad"@evil.example', "bad@evil.example"),
        ("bad@evil.example.", "bad@evil.example"),
        ("EVIL.example.", "x@evil.example"),
        ("NoReply+x@", "noreply@evil.example"),
        ("*PROMO*@", "bigpromo@evil.example"),
    ],
)
def test_an_entry_is_normalised_as_well(entry: str, address: str) -> None:
    assert blocked(entry, address)


@pytest.mark.parametrize(
    "address",
    ["x@еvil.example", "x@evi1.example", "x@evil.example.org", "x@my-evil.example", "evil.example@x.example"],
)
def test_a_domain_that_only_looks_like_it_is_another(address: str) -> None:
    assert not blocked("evil.example", address)


def test_a_display_name_is_never_matched() -> None:
    assert not blocked("bad@evil.example", '"bad@evil.example" <erin@visitor.example>')


def test_an_allowed_address_beats_every_block_line() -> None:
    text = "jane@example.com\n*.example.com\njane@\n*an*@\n!jane@example.com"
    assert not blocked(text, "jane@example.com")
    assert blocked(text, "june@example.com")


def test_the_allowed_address_must_be_the_blocked_one_itself() -> None:
    """A From that is allowed does not save a Reply-To that is blocked."""
    text = "evil.example\n!boss@helpdesk.example"
    assert blocked(text, "boss@helpdesk.example", "mallory@evil.example")


@pytest.mark.parametrize(
    ("today", "expected"), [(date(2026, 11, 2), True), (date(2026, 11, 3), True), (date(2026, 11, 4), False)]
)
def test_an_entry_counts_until_the_end_of_its_day(today: date, expected: bool) -> None:
    assert blocked("bad@evil.example; until=2026-11-03; a note", "bad@evil.example", today=today) is expected


@pytest.mark.parametrize(
    "lines", ["a@x.example; until=2026-01-01\na@x.example", "a@x.example\na@x.example; until=2026-01-01"]
)
def test_of_a_repeated_entry_the_longer_lasting_counts(lines: str) -> None:
    assert blocked(lines, "a@x.example")


def test_of_lines_that_last_as_long_the_first_decides() -> None:
    assert Blacklist.parse("a@x.example\na@x.example").judge(["a@x.example"], TODAY).line_number == 1


@pytest.mark.parametrize(("until", "expected"), [("2026-11-02", False), ("2026-11-03", True)])
def test_a_part_of_a_local_part_has_an_end_too(until: str, expected: bool) -> None:
    assert blocked(f"*an*@; until={until}", "jane@x.example") is expected


def test_an_ended_allowance_no_longer_helps() -> None:
    assert blocked("x.example\n!a@x.example; until=2026-11-02", "a@x.example")


def test_an_ended_entry_does_not_hide_another_form() -> None:
    assert blocked("a@x.example; until=2026-01-01\nx.example", "a@x.example")


def test_notes_dates_and_comments_are_read() -> None:
    text = "# head\n\n  jane@example.com ; until=2027-01-31 ; called us ; twice  # inline\n"
    (line,) = Blacklist.parse(text).lines
    assert (line.number, line.entry, line.value) == (3, "jane@example.com", "jane@example.com")
    assert (line.until, line.note) == (date(2027, 1, 31), "called us; twice")


def test_windows_line_ends_and_a_byte_order_mark_do_not_hurt() -> None:
    assert blocked("\ufeffjane@example.com\r\nexample.org\r\n", "jane@example.com")


def test_the_verdict_names_the_line_that_decided() -> None:
    verdict = Blacklist.parse("# x\nnews@\n*.evil.example; note\n").judge(["erin@a.example", "m@b.evil.example"], TODAY)
    assert (verdict.key, verdict.line_number, verdict.entry) == ("m@b.evil.example", 3, "*.evil.example")
    assert (verdict.allowed_by, verdict.looked_at) == ("", 2)


def test_the_verdict_names_the_line_that_allowed() -> None:
    verdict = Blacklist.parse("evil.example\n!m@evil.example").judge(["m@evil.example"], TODAY)
    assert verdict == BlacklistVerdict(False, "m@evil.example", 1, "evil.example", "!m@evil.example", 2)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("spam", "spam@"),
        ("spam", r"for a top-level domain \*\.spam"),
        ("*.*", r"\*\. needs a domain, such as \*\.example\.com"),
        ("*.*.com", r"\*\. needs a domain"),
        ("*.c om", "not an address alone"),
        ("exa*mple.com", "write one of jane@example.com"),
        ("*spam*", r"\*spam\*@"),
        ("@", "everyone"),
        ("*@", "everyone"),
        ("**@", "everyone"),
        ("*", "not a domain; write one of jane@example.com"),
        ("*.", r"not a domain; \*\. needs a domain"),
        ("*.(x)", r"not a domain; \*\. needs a domain"),
        ("!", "no entry"),
        ("; until=2027-01-31", "no entry"),
        ("Jane <jane@example.com>", "without a name"),
        ("jane @example.com", "without a name"),
        ("jane@", ""),
        ("*x*@example.com", "not an address"),
        ("jane@*.example.com", "not an address"),
        ("@example.com", "not an address"),
        ("jane@example", "not an address"),
        ("exa_mple.com/x", "not a domain"),
        ("jane@example.com; until=soon", "until=2027-01-31"),
        ("jane@example.com; until=", "until=2027-01-31"),
        ("x" * 2_000 + ".example", "too long"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_the_cure(line: str, words: str) -> None:
    text = f"# first\n{line}\n"
    if not words:
        Blacklist.parse(text)
        return
    with pytest.raises(ValueError, match=rf"blacklist line 2: .*{words}"):
        Blacklist.parse(text)


def test_every_wrong_line_is_told_of_and_of_many_the_first_ten() -> None:
    with pytest.raises(ValueError, match="blacklist line 1: ") as told:
        Blacklist.parse("jane@example\nfine.example\n@example.com")
    assert [line[:17] for line in str(told.value).splitlines()] == ["blacklist line 1:", "blacklist line 3:"]
    for lines, rest in ((5000, ["4990 more lines are wrong"]), (10, [])):
        with pytest.raises(ValueError, match="blacklist line 10: ") as told:
            Blacklist.parse("@\n" * lines)
        assert str(told.value).splitlines()[10:] == rest


def test_an_empty_list_blocks_nobody() -> None:
    verdict = Blacklist.parse("").judge(["a@b.example", "", "@"], TODAY)
    assert not verdict.blocked
    assert verdict.looked_at == 0


def test_a_hundred_thousand_lines_are_looked_up_by_key_and_not_walked_through() -> None:
    """Without globs no line is touched that is not a candidate: the index holds each by its value."""
    listed = Blacklist.parse("\n".join(f"user{n}@d{n % 500}.example" for n in range(100_000)))
    keys = [f"nobody{n}@d{n}.example" for n in range(1_000)]
    assert not listed.judge(keys, TODAY).blocked
    assert listed.judge([*keys, "user99999@d499.example"], TODAY).line_number == 100_000


@given(st.text(), st.lists(st.text()))
def test_any_text_is_read_or_refused_and_any_key_judged(text: str, keys: list[str]) -> None:
    listed = Blacklist.parse("x.example\n*a*@")
    with contextlib.suppress(ValueError):
        listed = Blacklist.parse(text)
    listed.judge(keys, TODAY)


LOCAL = st.text(alphabet="abcdxyz019", min_size=1, max_size=12)


@given(LOCAL, st.lists(st.text(alphabet="abc", max_size=3), min_size=1, max_size=4))
def test_a_glob_means_what_its_stars_say(local: str, pieces: list[str]) -> None:
    glob = "*".join(pieces)
    if not glob.strip("*") or "*" not in glob:
        return
    expected = _by_recursion(glob, local)
    assert blocked(f"{glob}@", f"{local}@x.example") is expected


def _by_recursion(glob: str, text: str) -> bool:
    """The plain meaning of a star, slow and obvious."""
    if not glob:
        return not text
    if glob[0] == "*":
        return any(_by_recursion(glob[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and text[0] == glob[0] and _by_recursion(glob[1:], text[1:])


@pytest.mark.parametrize("local", ["a" * 50_000, "ab" * 25_000, "@" * 50_000, "+" * 50_000])
def test_hostile_keys_are_judged(local: str) -> None:
    listed = Blacklist.parse("*a*a*a*a*a*b@\n*ab*ba*@\nx.example")
    assert isinstance(listed.judge([local, f"{local}@" + "a." * 20_000 + "example"], TODAY).blocked, bool)
