"""What an agent's mail asks for: commands on its first lines, words below them; nothing of it is lost or misread."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcase.life.acts.table import BY_NAME
from mailcase.life.by_agent import Step, steps
from mailcase.life.changes import SendReply, StoredFile
from mailcase.life.commands import COMMANDS, Command, orders
from mailcase.life.refused import Refused
from tests.life_kit import ANN, BEN, make_asked

MARK = "c12.mabcdefghijkla.abcdefghijklmnop"


@pytest.mark.parametrize(
    ("text", "commands", "rest"),
    [
        ("Switch it off.", (), "Switch it off."),
        ("#note\nHe is angry.", (("note", ""),), "He is angry."),
        ("#note He is angry.", (("note", "He is angry."),), ""),
        ("#Close: done", (("close", "done"),), ""),
        ("#close.", (("close", ""),), ""),
        ("#close!\n\nGood-bye.", (("close", ""),), "Good-bye."),
        ("\n\n  #assign\tme  \n\n#priority high\n\nI take it.", (("assign", "me"), ("priority", "high")), "I take it."),
        ("#assign\u00a0me", (("assign", "me"),), ""),  # a blank as HTML has it
        ("\ufeff#start", (("start", ""),), ""),
        ("\u200b \u200e#start", (("start", ""),), ""),
        ("#assign Second line", (("assign", "Second line"),), ""),
        ("\uff03note He is angry.", (("note", "He is angry."),), ""),  # as an East Asian keyboard types it
        ("\ufe5fnote\u3000\u00b2", (("note", "\u00b2"),), ""),
        ("\uff03\uff4e\uff4f\uff54\uff45\nAngry.", (("note", ""),), "Angry."),
        ("# Notes on your printer", (), "# Notes on your printer"),
        ("Switch #note off", (), "Switch #note off"),
        ("Hello,\n#clsoe", (), "Hello,\n#clsoe"),  # after the first words only a command's own name is one
        ("# Heading\n# close", (), "# Heading\n# close"),
        ("Hello,\n#closed: it works", (), "Hello,\n#closed: it works"),
        ("#12 is the port", (), "#12 is the port"),
        ("##", (), "##"),
        ("", (), ""),
    ],
)
def test_the_first_lines_are_commands(text: str, commands: tuple[tuple[str, str], ...], rest: str) -> None:
    said = orders(text)
    assert (said.commands, said.text, said.unknown) == (tuple(Command(*one) for one in commands), rest, "")


@pytest.mark.parametrize("line", ["#clsoe", "#schließen", "#résolu", "#c++ is fun", "#notes", "#note-it"])
def test_what_looks_like_a_command_keeps_the_whole_mail(line: str) -> None:
    text = f"#assign me\n{line}\n\nThe roller is new."
    said = orders(text)
    assert (said.unknown, said.text) == (f"#{line[1:].split(' ')[0].rstrip('+')}", text)
    with pytest.raises(Refused, match="is no command; there are #note"):
        steps(text)


@pytest.mark.parametrize(
    "line",
    [
        "# note", "#\u00a0Note:", "\uff03 note", "\uff03\u3000note", "#\u200bnote", "*#note*", "**#note**", "- #note",
        "## close", "#\ufe0f\u20e3note", "#_note_", "\\#note", "\u2022 # Resolve",
    ],
)  # fmt: skip
def test_what_may_be_a_command_is_not_for_customers(line: str) -> None:
    text = f"{line} He is angry.\nVery."
    assert orders(text).text == text
    with pytest.raises(Refused, match="is no command; there are #note"):
        steps(text)


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("It works again.\n\n#close", "#close"),
        ("#start\nI am on it.\n  #Assign kim@helpdesk.example\t\nBye", "#assign"),
        ("#note He is angry.\nVery.\n#resolve", "#resolve"),
        ("Hello,\n\uff03close", "#close"),
        ("Hello,\n\u200b\ufe5f\uff4eote he is angry", "#note"),
        ("# Heading\n#wait: which model?", "#wait"),
    ],
)
def test_a_command_below_the_words_keeps_the_whole_mail(text: str, late: str) -> None:
    """Whoever writes it there means it; a customer is not to read it."""
    assert orders(text).late == late
    with pytest.raises(Refused, match=f"{late} stands below your first words.* on the first lines"):
        steps(text)


LONG = 200_000


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("#" * LONG + "note", "#" * 56 + "note"),
        ("*_# " * LONG + "close", "_# " + "*_# " * 13 + "close"),
        ("#" + "a" * LONG, "#" + "a" * 59),
        ("#" * LONG + "x", ""),
        ("#" + " \u200b" * LONG + "x", ""),
        (" \u200b" * LONG + "#clsoe", "#clsoe"),
    ],
)
def test_a_line_of_nothing_but_marks_is_read_once_and_told_shortly(line: str, unknown: str) -> None:
    """A pattern that goes back, or a line that is stripped again and again, would take hours here."""
    assert orders(line).unknown == unknown


def test_marks_that_unicode_has_to_put_in_order_are_words() -> None:
    assert orders("#note a" + "\u0301\u0316" * LONG).commands == (Command("note", "a" + "\u0301\u0316" * LONG),)
    assert orders("Hello,\n#a" + "\u0301\u0316" * LONG).late == ""


_WORD = st.sampled_from(
    [*(f"#{one}" for one in COMMANDS), "#nothing", "#", "##", "me", "Ändern", "12", "x" * 3000, ">"]
)
_BLANK = st.sampled_from([" ", "\n", "\n\n", "\t", "\u00a0", "\r\n", " \n "])


@given(st.lists(st.tuples(_WORD, _BLANK), max_size=12))
@example([("#note", " "), ("x" * 3000, "\n")])
def test_no_word_is_lost(pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + blank for word, blank in pieces)
    said = orders(text)
    commands = [] if said.unknown else [word for one in said.commands for word in (f"#{one.name}", *one.rest.split())]
    assert [*commands, *said.text.split()] == text.split()


@given(st.text(alphabet="#ab \n:.!\u200b\ufeffß1-", max_size=60))
def test_whatever_stands_there_is_a_command_or_a_word(text: str) -> None:
    said = orders(text)
    letters = "".join(one for one in text.lower() if one.isalnum())
    commands = "" if said.unknown else "".join(f"{one.name}{one.rest}" for one in said.commands)
    assert "".join(one for one in f"{commands}{said.text}".lower() if one.isalnum()) == letters


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Switch it off.", ["reply"]),
        ("#close\nSwitch it off.", ["reply", "close"]),  # answered before it is closed
        ("#close", ["close"]),
        ("#note #1 is odd", ["note"]),
        ("#note\n> quoted\n[ref:x]", ["note"]),
        ("#comment Who knows it?\n> quoted\n[ref:x]", ["comment"]),
        ("#wait\nWhich model?", ["wait"]),
        ("#resolve A new roller.", ["resolve"]),
        ("#priority high\n#assign me\n#start", ["priority", "assign", "start"]),
        ("#assign me\n#note he is angry", ["note", "assign"]),
    ],
)
def test_each_is_an_act(text: str, names: list[str]) -> None:
    found = steps(text)
    assert [one.name for one in found] == names
    assert set(names) <= BY_NAME.keys()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the mail says nothing"),
        ("  \n ", "the mail says nothing"),
        ("#note a\n#resolve b", "#note and #resolve both"),
        ("#comment a\n#note b", "#comment and #note both"),
        ("#wait\n#note\nWhich?", "#wait and #note both"),
        ("#note a\n#note b", "#note and #note both"),
        ("#start with the roller", "#start takes nothing"),
        ("#assign me\n" * 21, "these are 21 commands; a mail may have 20"),  # each is an act that others wait for
        (f"Thanks.\n[ref:{MARK}]", "not certain"),
        (f"#resolve Thanks.\n\n[ref:{MARK[:20]}\n> {MARK[20:]}]", "not certain"),  # broken over two lines
        (f"#wait {MARK.upper()}", "not certain"),
        (f"#close {MARK}", "not certain"),
        (f"As <{MARK}@helpdesk.example> says", "not certain"),
        ("> the case is yours\nNo.", "not certain"),
    ],
)
def test_what_is_not_clear_is_refused_as_a_whole(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        steps(text)


def the(text: str, files: tuple[StoredFile, ...] = ()) -> Step:
    (found,) = steps(text, files)
    return found


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("#assign me", "assignee", ANN),
        ("#assign Ben@HelpDesk.example", "assignee", BEN),
        ("#assign second LINE", "assignee_group", "Second line"),
        ("#priority high", "priority", "High"),
        ("#close gone", "closing_reason", "gone"),
        ("#resolve\nA new roller.", "solution", "A new roller."),
        ("#start", "assignee", ANN),
    ],
)
def test_a_command_does_what_the_act_does(text: str, column: str, value: str) -> None:
    assert the(text).rule(make_asked("New")).values[column] == value


@pytest.mark.parametrize("text", ["#assign", "#assign nobody", "#priority", "#assign nobody@else.example"])
def test_an_act_says_itself_what_it_lacks(text: str) -> None:
    with pytest.raises(Refused):
        the(text).rule(make_asked("New"))


def test_words_are_a_reply_with_the_files_of_the_mail() -> None:
    file = StoredFile("plug.png", "image/png", 8, "ab", "2")
    (reply,) = the("Switch it off.", (file,)).rule(make_asked("New")).deeds
    assert isinstance(reply, SendReply)
    assert (reply.text, reply.files, reply.parts) == ("Switch it off.", (), (file,))


def test_a_note_has_both_its_line_and_the_lines_below() -> None:
    (event,) = the("#note angry\nVery.").rule(make_asked("New")).events
    assert event.data["text"] == "angry\nVery."
