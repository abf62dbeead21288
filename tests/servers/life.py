"""A desk with agents and a group, its daemon running, and what each of its people got by mail."""

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from tests.servers.desk import Desk, OpenDesk
from tests.servers.letters import letter

CHIEF, ANNA, BOB = "chief@staff.example", "anna@staff.example", "bob@staff.example"
ERIN = "erin@visitor.example"
GROUP = "First line"


class Life:
    """One desk; every step is the real program's."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._seen = 0  # mails of the sink that a step has looked at
        assert desk.once() == 0  # the first connection
        self._people()
        desk.run()

    def _people(self) -> None:
        self.desk.json("group", "add", GROUP)
        self.desk.json("agent", "add", CHIEF, "--name", "Carla Chief", "--role", "admin")
        for address, name, language in ((ANNA, "Anna Agent", "en"), (BOB, "Bob Agent", "de")):
            self.desk.json("agent", "add", address, "--name", name, "--language", language, "--group", GROUP)

    def arrives(self, name: str, answers: str = "", **fields: Any) -> dict[str, Any]:
        """A mail of Erin's (or `sender`) arrives and is decided; its delivery as `message list` has it."""
        headers = {"In_Reply_To": answers, "References": answers} if answers else {}
        own = f"<{name}@visitor.example>"
        self.desk.put(letter(name, **{"sender": ERIN, "message_id": own, **headers, **fields}))
        self.desk.wait(lambda: self._decided(own) is not None, f"{name} was not decided")
        found = self._decided(own)
        assert found is not None
        return found

    def _decided(self, message_id: str) -> dict[str, Any] | None:
        found = [one for one in self.desk.deliveries() if one["message_id"] == message_id and one["outcome"]]
        return found[-1] if found else None

    def act(self, what: str, number: str, *rest: str, by: str) -> dict[str, Any]:
        """`mailcase case WHAT NUMBER … --as BY`; the case after it."""
        done: dict[str, Any] = self.desk.json("case", *what.split(), number, *rest, "--as", by)
        return done

    def case(self, number: str) -> dict[str, Any]:
        """`case show`."""
        found: dict[str, Any] = self.desk.json("case", "show", number)
        return found

    def gets(self, *kinds: str) -> list[EmailMessage]:
        """The mails that left since the last step, when they are all there: one of each of these kinds, no more."""
        self.desk.wait(lambda: len(self.desk.sink.mails) >= self._seen + len(kinds), f"not all of {kinds} left")
        self.desk.wait(self._settled, "something still waits to be sent")
        new = self.desk.sink.mails[self._seen :]
        self._seen += len(new)
        by_id = {one["message_id"]: one["kind"] for one in self.desk.outbox()}
        mails = [parsed(one.data) for one in new]
        assert sorted(by_id[mail["Message-ID"]] for mail in mails) == sorted(kinds)
        return sorted(mails, key=lambda mail: kinds.index(by_id[mail["Message-ID"]]))

    def _settled(self) -> bool:
        return not {"pending", "sending"} & self.desk.states().keys()


def parsed(data: bytes) -> EmailMessage:
    """A mail that left, read by the standard library."""
    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


OpenLife = Callable[[], Life]


@pytest.fixture
def life(open_desk: OpenDesk) -> Life:
    """A desk whose mail goes to a group of two agents."""
    return Life(open_desk(mailbox=f'assignee_group = "{GROUP}"', after="seen"))
