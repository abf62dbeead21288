"""What the daemon's own look through its store found, as it is remembered and told (`mailcase audit --store`). Pure."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from mailcase.soundness import Finding

FLAG: Final = "audit"  # the newest look, in the store: every daemon and `status` judge by it
#: As with the conditions of the same name: what was slow for once is no alarm.
STUCK_AFTER: Final = timedelta(hours=1)
#: An alarm of their own tells of these, as soon or sooner.
TOLD_ANYHOW: Final = ("undecided", "quarantined")
FAILING: Final = "audit_failing"  # since when no look came to its end, and why; in the store, as the newest look
FIRST: Final = 5  # findings that the alarm names, and ids of each


@dataclass(frozen=True, slots=True)
class Proof:
    """One look through the whole store."""

    at: datetime
    took_s: float
    mails: int  # journalled since the look before
    newest: int  # the last delivery that it saw
    before: datetime | None = None  # the look before
    since: datetime | None = None  # the first look in a row that found what an alarm tells of; None: this did not
    doubled: int = 0
    stuck: int = 0
    found: Mapping[str, int] = field(default_factory=dict)  # word of soundness.RULES -> how many
    first: tuple[str, ...] = ()  # the first of those that an alarm tells of, by their ids

    @property
    def untold(self) -> dict[str, int]:
        """Of what was found that of which nothing else tells, by word."""
        return {word: count for word, count in self.found.items() if word not in TOLD_ANYHOW}

    def to_text(self) -> str:
        """For the flag."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def from_text(cls, text: str | None) -> Self | None:
        """From the flag; None where there is none, or another version wrote it."""
        try:
            told: dict[str, Any] = json.loads(text or "")
            times = {name: _moment(told[name]) for name in ("before", "since")}
            first = tuple(map(str, told["first"]))
            return cls(**{**told, **times, "at": datetime.fromisoformat(told["at"]), "first": first})
        except (ValueError, TypeError, KeyError):
            return None


def proof_of(
    found: Sequence["Finding"], at: datetime, took_s: float, mails: int, newest: int, last: Proof | None
) -> Proof:
    """What to remember of a look; `last` is the one before."""
    from mailcase.soundness import counts

    words = [one.word for one in found]
    untold = [one for one in found if one.word not in TOLD_ANYHOW]
    goes_on = last.since if last is not None and last.since is not None else at
    return Proof(
        at,
        round(took_s, 2),
        mails,
        newest,
        before=last.at if last is not None else None,
        since=goes_on if untold else None,
        **counts(found),
        found={word: words.count(word) for word in dict.fromkeys(words)},
        first=tuple(map(_named, untold[:FIRST])),
    )


def failing_text(since: datetime, error: str) -> str:
    """For the flag."""
    return json.dumps([since.isoformat(), error])


def failing_of(text: str | None) -> tuple[datetime, str] | None:
    """From the flag; None where looks come to their end, or another version wrote it."""
    try:
        since, error = json.loads(text or "")
        return datetime.fromisoformat(since), str(error)
    except (ValueError, TypeError):
        return None


def in_words(found: Mapping[str, int]) -> str:
    """`1 mail twice, 2 overdue`"""
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in found.items())


def result(proof: Proof) -> str:
    """`0 doubled, 0 stuck`, or what was found."""
    return f"{proof.doubled} doubled, {proof.stuck} stuck" + (f" ({in_words(proof.found)})" if proof.found else "")


def _named(one: "Finding") -> str:
    ids: tuple[tuple[str, Collection[object]], ...] = (
        ("message", one.messages), ("case", one.cases), ("outbox", one.outbox),
    )  # fmt: skip
    return f"{one.word.replace('_', ' ')}: {'; '.join(f'{name} {_few(some)}' for name, some in ids if some)}"


def _few(ids: Iterable[object]) -> str:
    told = [str(one) for one in ids]
    return ", ".join([*told[:FIRST], *(["…"] if len(told) > FIRST else [])])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
