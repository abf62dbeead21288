"""Lines, subjects and References of mails that leave."""

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from mailcase.cases.numbers import Mask
from mailcase.outbox.lines import cut, one_line
from mailcase.outbox.references import references, sound
from mailcase.outbox.subject import LONGEST, base_subject, finished

MASKS = (Mask.parse("SR-{0}"), Mask.parse("CASE{0:05d}"))
EVERYTHING = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("a\r\nBcc: mallory@evil.example", "a Bcc: mallory@evil.example"),
        ("a\x00b\x1b[31m\x85c\u2028d\ud800e", "a b [31m c d e"),
        ("\u202e]21-RS[ drow\u202c", "]21-RS[ drow"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("  many \t blanks  ", "many blanks"),
    ],
)
def test_a_line_has_no_controls_and_no_direction_marks(text: str, line: str) -> None:
    assert one_line(text, 100) == line


@given(EVERYTHING, st.integers(2, 60))
def test_a_line_is_never_longer_and_always_printable(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not set(line) & set("\r\n\0\u2028\u2029\u202e")
    line.encode()


def test_a_cut_leaves_graphemes_whole() -> None:
    assert cut("ab👩\u200d👩\u200d👧cd", 6) == "ab…"


@given(
    st.lists(st.sampled_from(["a", " ", "\n", "é", "e\u0301", "👩\u200d👧", "🇩🇪" * 150, "x" * 250]), max_size=60),
    st.integers(2, 900),
)
@example(["x" * 250, " " * 20, "e\u0301" * 9], 273)
def test_a_long_text_is_cut_where_counting_from_its_beginning_would(parts: list[str], limit: int) -> None:
    text, kept = "".join(parts), ""
    for found in regex.findall(r"\X", text):
        if len(kept) + len(found) > limit - 1:
            break
        kept += found
    assert cut(text, limit) == (text if len(text) <= limit else kept.rstrip() + "…")


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Printer jams", "Printer jams"),
        ("Re: AW: Re[2]: Printer", "Printer"),
        ("Fwd: Printer", "Fwd: Printer"),
        ("Re: Printer [SR-12]", "Printer"),
        ("[SR-12] Re: Printer", "Printer"),
        ("Re: SR-12: Printer", "Printer"),
        ("Printer [SR-9]", "Printer"),
        ("Printer SR-9", "Printer SR-9"),
        ("Printer [case00012]", "Printer"),
        ("Re: [SR-12]", ""),
        ("", ""),
        ("Regarding: the printer", "Regarding: the printer"),
        ("- dashed -", "- dashed -"),
    ],
)
def test_the_base_of_a_subject_has_no_reply_prefix_and_no_number(subject: str, base: str) -> None:
    assert base_subject(subject, MASKS, 12) == base


@given(EVERYTHING)
def test_a_subject_leaves_room_for_the_number(text: str) -> None:
    line = finished(f"Re: {base_subject(text, MASKS, 12)} [SR-12]", "SR-12")
    assert len(line) <= LONGEST
    assert line.endswith("[SR-12]")


def test_a_template_that_makes_a_long_subject_keeps_the_number() -> None:
    line = finished("word " * 80 + "[SR-12]", "SR-12")
    assert (len(line) <= LONGEST, line.endswith("… [SR-12]")) == (True, True)


def ids(*numbers: int) -> tuple[str, ...]:
    return tuple(f"<{number}@x.example>" for number in numbers)


@pytest.mark.parametrize(
    ("chain", "answered", "wanted"),
    [
        ((), (), ids(9)),
        (ids(1, 2), ids(7), ids(1, 2, 9)),
        ((), ids(7), ids(7, 9)),
        ((), ids(7, 8), ids(9)),
        (ids(1, 9, 2, 1), (), ids(1, 2, 9)),
        (("<a b@x.example>", "<ü@x.example>", "no-brackets@x", "<1@x.example>"), (), ids(1, 9)),
    ],
)
def test_references_are_the_parents_chain_and_the_parent(
    chain: tuple[str, ...], answered: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    assert references("<9@x.example>", chain, answered) == wanted


def test_a_long_chain_loses_its_middle_and_keeps_the_first_and_the_last_three() -> None:
    kept = references("<99@x.example>", ids(*range(50)), ())
    assert len(kept) == 20
    assert (kept[0], kept[-3:]) == (ids(0)[0], ids(48, 49, 99))
    long = tuple(f"<{number}{'x' * 300}@x.example>" for number in range(9))
    assert references("<99@x.example>", long, ()) == (long[0], *long[-2:], "<99@x.example>")


@given(st.lists(EVERYTHING.map(lambda text: f"<{text}>"), max_size=40))
def test_no_chain_brings_a_blank_or_a_break_into_a_header(chain: list[str]) -> None:
    kept = references("<9@x.example>", tuple(chain), ())
    assert all(sound(one) and one.isascii() and one.isprintable() and " " not in one for one in kept)
    assert kept[-1] == "<9@x.example>"
