"""What an act does to a case: columns, history, further deeds, and what happened, for the notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mailcase.life.happening import What
from mailcase.life.notice import Addressee


@dataclass(frozen=True, slots=True)
class Did:
    """One line of the history: a snake_case event with what was before and after."""

    event: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """A file to be kept on the case, or sent with a reply."""

    name: str  # safe for a file system
    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose bytes lie where raw mail lies."""

    name: str
    type: str
    size: int
    sha256: str
    part: str = ""  # of the raw mail with that hash, out of which it is taken; "": all of it is the file


@dataclass(frozen=True, slots=True)
class SendReply:
    """An agent's words to the customer, in the thread of the case."""

    text: str
    template: str = "reply"
    files: tuple[File, ...] = ()
    cc: tuple[str, ...] = ()
    parts: tuple[StoredFile, ...] = ()  # of a mail that stands on the case
    to: Addressee | None = None  # None: the customer


@dataclass(frozen=True, slots=True)
class PutFiles:
    """Files onto the case."""

    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class AddFollower:
    """Tell this agent of what happens from now on."""

    key: str


@dataclass(frozen=True, slots=True)
class DropFollower:
    """Tell him no longer."""

    key: str


@dataclass(frozen=True, slots=True)
class AddParticipant:
    """This address is one of the case's people: what comes from it is no stranger's (B8)."""

    key: str


@dataclass(frozen=True, slots=True)
class AddTask:
    """A new open task."""

    title: str
    assignee: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EndTask:
    """A task is finished or cancelled."""

    task: int
    state: str  # finished, cancelled
    result: str = ""


@dataclass(frozen=True, slots=True)
class Relate:
    """This case and another belong together; both show it."""

    other: int
    relation: str


@dataclass(frozen=True, slots=True)
class TellOther:
    """A line of another case's history, and what changes in its columns."""

    other: int
    did: Did
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakeAlong:
    """Followers, participants and open tasks of this case go to the one that it was merged into."""

    other: int


@dataclass(frozen=True, slots=True)
class SplitOff:
    """A new case of a message or a text of this one; the message stays on both."""

    values: Mapping[str, object]  # columns of the new case
    message_pk: int | None
    happened: tuple[What, ...] = ()  # to the new case


Deed = (
    SendReply | PutFiles | AddFollower | DropFollower | AddParticipant | AddTask | EndTask | Relate | TellOther
    | TakeAlong | SplitOff
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """All that an act does. `values` names columns of the case; the version is raised in any case."""

    values: Mapping[str, object] = field(default_factory=dict)
    events: tuple[Did, ...] = ()
    deeds: tuple[Deed, ...] = ()
    happened: tuple[What, ...] = ()
    text: str = ""  # what the notices quote as the actor's words
    given: str = ""  # key of the agent who has a task of it now
    due_at: datetime | None = None  # of that task
    warning: str = ""  # what the actor must know of, though it is done

    @property
    def moves(self) -> bool:
        """Whether it changes the status or whose the case is; nobody is told of a merge."""
        return bool(_MOVES & self.values.keys()) and "merged_into_id" not in self.values


_MOVES: Final = frozenset({"status", "assignee", "assignee_group"})
