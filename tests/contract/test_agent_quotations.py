"""However an agent's mail program quotes the notice, no customer reads a line of it (P5)."""

from collections.abc import Callable

import pytest

from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN, SAID, Case, mark, shown
from tests.contract.notice_kit import JANE, Bureau

OUTLOOK = "From: Help desk <support@helpdesk.example>\nSent: Tuesday, 3 November 2026 09:10\nTo: Jane\nSubject: x\n\n"
GERMAN = f"{'_' * 32}\nVon: Help desk\nGesendet: Dienstag, 3. November 2026 09:10\nAn: Jane\nBetreff: x\n\n"
GMAIL = "On Tue, 3 Nov 2026 at 09:10, Help desk <support@helpdesk.example> wrote:\n"


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store)


def lines(text: str, before: str) -> str:
    return "\n".join(f"{before}{line}".rstrip() for line in text.splitlines())


def broken(text: str) -> str:
    """As a program does that folds quoted lines at 40 characters: the mark stands on two of them."""
    return "\n".join(f"> {line[at : at + 40]}" for line in text.splitlines() for at in range(0, len(line) or 1, 40))


#: Each with whether the words can be told for certain.
PROGRAMS: dict[str, tuple[Callable[[str], str], bool]] = {
    "gmail": (lambda text: f"{SAID}\n\n{GMAIL}\n{lines(text, '> ')}", True),
    "marked, nothing announced": (lambda text: f"{SAID}\n\n{lines(text, '> ')}", True),
    "twice marked": (lambda text: f"{SAID}\n\n{GMAIL}\n{lines(text, '>> ')}", True),
    "folded": (lambda text: f"{SAID}\n\n{GMAIL}\n{broken(text)}", True),
    "below": (lambda text: f"{GMAIL}\n{lines(text, '> ')}\n\n{SAID}", True),
    "outlook": (lambda text: f"{SAID}\n\n{OUTLOOK}{text}", True),
    "outlook in german": (lambda text: f"{SAID}\n\n{GERMAN}{text}", True),
    "original message": (lambda text: f"{SAID}\n\n-----Original Message-----\n{OUTLOOK}{text}", True),
    "a bar": (lambda text: f"{SAID}\n\n{lines(text, '| ')}", False),
    "nothing marked": (lambda text: f"{SAID}\n\n{text}", False),
    "between the lines": (lambda text: f"{lines(text, '> ')[:90]}\n{SAID}\n{lines(text, '> ')}\nBye.", False),
    "above and below, folded": (lambda text: f"Hello,\n{broken(text)}\n{SAID}", False),
    "the notice alone": (lambda text: lines(text, "> "), False),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_line_of_a_notice_goes_out(bureau: Bureau, program: str) -> None:
    case = Case(bureau)
    write, certain = PROGRAMS[program]
    case.sends(write(case.notice.text).replace("\n", "\r\n"))
    sent = [row.text for row in bureau.rows("reply")]
    assert case.told() == [("reply", ERIN) if certain else ("kept_as_note", JANE)]
    assert [one.partition("\n\nJane Roe\n")[0] for one in sent] == [SAID] * certain
    secrets = ("Priority", "assigned", mark(case.notice.message_id), shown(case.notice.text))
    assert [one for text in sent for one in secrets if one in text] == []
