"""Commands that an agent writes on the first lines of his answer to a notice: `#note`, `#close`, `#assign x`."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

#: Each command and what its line's rest is; as people read them when one was not understood.
COMMANDS: Final = {
    "note": "the text is kept as an internal note and goes to nobody",
    "assign": "an agent's address, a group, or me",
    "start": "you become the assignee; in progress",
    "wait": "wait for the customer, whom your text asks",
    "resolve": "resolved; the text is the solution",
    "close": "closed; the rest of the line is the reason",
    "priority": "Low, Medium, High or Critical",
}
_COMMAND: Final = re.compile(r"#([^\W\d_][\w-]*)[\s:.,;!]*(.*)")
#: `# note`, `*#note*`, `- #note`: a command that a finger or a mail program spoiled, or words; nobody can tell.
_SPOILED: Final = re.compile(rf"[\W_]*#[\W_]*({'|'.join(COMMANDS)})(?![^\W_])", re.IGNORECASE)
_UNSEEN: Final = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"  # mail programs put them at the beginning of a line


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

    def get(self, name: str) -> Command | None:
        """The command of that name, or None."""
        return next((one for one in self.commands if one.name == name), None)


def orders(text: str) -> Orders:
    """Read the first lines as commands, as far as they begin with `#`; the rest are words.

    A heading (`# x`, `##`), a number (`#12`) and anything after the first words are words, too. `#` before a letter
    is a command or a mistake, in whatever language, and so is a command's name after `#` and blanks or marks: such a
    line never goes to a customer. No word is lost.
    """
    lines, at = text.split("\n"), 0
    found: list[Command] = []
    while at < len(lines):
        line = _plain(_bare(lines[at]))
        match = _COMMAND.fullmatch(line)
        if match is None and (spoiled := _SPOILED.match(line)):
            return Orders(tuple(found), text.strip(), unknown=spoiled[0])
        if line and match is None:
            break
        if match and match[1].lower() not in COMMANDS:
            return Orders(tuple(found), text.strip(), unknown=f"#{match[1].lower()}")
        found += [Command(match[1].lower(), match[2])] if match else []
        at += 1
    return Orders(tuple(found), "\n".join(lines[at:]).strip())


def _plain(line: str) -> str:
    """The sign and the name behind it in their plain letters, as an East Asian keyboard does not type them."""
    first = line.split(maxsplit=1)[0] if line else ""
    plain = unicodedata.normalize("NFKC", first)
    return f"{plain}{line[len(first) :]}" if plain.startswith("#") else line


def _bare(line: str) -> str:
    """Without blanks and what nobody sees, on both sides."""
    before = ""
    while line != before:
        before, line = line, line.strip().strip(_UNSEEN)
    return line
