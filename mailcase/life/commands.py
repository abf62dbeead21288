"""Commands that an agent writes on the first lines of his answer to a notice: `#note`, `#close`, `#assign x`."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

#: Each command and what its line's rest is; as people read them when one was not understood.
COMMANDS: Final = {
    "note": "the text is kept as an internal note and goes to nobody",
    "comment": "the text goes to the agents who work on the case, and to no customer",
    "assign": "an agent's address, a group, or me",
    "start": "you become the assignee; in progress",
    "wait": "wait for the customer, whom your text asks",
    "resolve": "resolved; the text is the solution",
    "close": "closed; the rest of the line is the reason",
    "priority": "Low, Medium, High or Critical",
}
_SIGNS: Final = "#\uff03\ufe5f"  # and as an East Asian keyboard types it
_COMMAND: Final = re.compile(r"#([^\W\d_][\w-]*)[\s:.,;!]*(.*)")
#: `# note`, `*#note*`, `- #note`: a command that a finger or a mail program spoiled, or words; nobody can tell.
#: Possessive: a line of `#` alone is read once, and not from each of them again.
_SPOILED: Final = re.compile(rf"([\W_]*+)({'|'.join(COMMANDS)})(?![^\W_])", re.IGNORECASE)
#: What nobody sees at a line's ends: what mail programs put there, and what `str.strip` takes off. All in one, since
#: taking the one kind off after the other reads a line again for each blank.
_UNSEEN: Final = (
    "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004"
    "\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_BEGINNING: Final = (
    100  # characters of a line that are looked at in plain letters: Unicode's order takes a square of time
)
_TOLD: Final = 60  # characters of what is no command, for whoever wrote it


@dataclass(frozen=True, slots=True)
class Command:
    """One line."""

    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Orders:
    """What an agent's mail says: commands, and the words below them."""

    commands: tuple[Command, ...]
    text: str
    unknown: str = ""  # a line that looks like a command and is none: nothing of the mail may go out then
    late: str = ""  # a command that stands below the first words: whether it was meant as one, nobody can tell

    def get(self, name: str) -> Command | None:
        """The command of that name, or None."""
        return next((one for one in self.commands if one.name == name), None)


def orders(text: str) -> Orders:
    """Read the first lines as commands, as far as they begin with `#`; the rest are words.

    A heading (`# x`, `##`), a number (`#12`) and anything after the first words are words, too, but for a line there
    that would be a command above them. `#` before a letter is a command or a mistake, in whatever language, and so is
    a command's name after `#` and blanks or marks: such a line never goes to a customer. No word is lost.
    """
    lines, at = text.split("\n"), 0
    found: list[Command] = []
    while at < len(lines):
        if line := _plain(_bare(lines[at])):
            match = _COMMAND.fullmatch(line)
            if match is None and not (spoiled := _spoiled(line)):
                break
            if match is None or match[1].lower() not in COMMANDS:
                unknown = f"#{match[1].lower()}"[:_TOLD] if match else spoiled
                return Orders(tuple(found), text.strip(), unknown)
            found.append(Command(match[1].lower(), match[2]))
        at += 1
    return Orders(tuple(found), "\n".join(lines[at:]).strip(), late=_late(lines[at:]))


def _late(lines: Iterable[str]) -> str:
    """The first command among the words, as it is told; "" where none stands there."""
    matches = (_COMMAND.fullmatch(_plain(_bare(one))) for one in lines if any(sign in one for sign in _SIGNS))
    names = (match[1].lower() for match in matches if match)
    return next((f"#{one}" for one in names if one in COMMANDS), "")


def _spoiled(line: str) -> str:
    """Marks with a `#` among them and a command's name behind them, as far as it is told; else ""."""
    found = _SPOILED.match(line)
    return found[0][-_TOLD:] if found and "#" in found[1] else ""


def _plain(line: str) -> str:
    """The sign and the name behind it in their plain letters, as an East Asian keyboard does not type them."""
    first = line[:_BEGINNING].split(maxsplit=1)[0] if line else ""
    plain = unicodedata.normalize("NFKC", first)
    return f"{plain}{line[len(first) :]}" if plain.startswith("#") else line


def _bare(line: str) -> str:
    """Without blanks and what nobody sees, on both sides."""
    return line.strip(_UNSEEN)
