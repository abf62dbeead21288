"""What must not be in a store: mail that is doubled or stuck, with what it means and what to do. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

Kind = Literal["doubled", "stuck"]
KINDS: Final[tuple[Kind, ...]] = ("doubled", "stuck")
STUCK_AFTER: Final = timedelta(minutes=10)  # shipped: a daemon decides and sends within seconds
#: A relay may take so long over one mail (RFC 5321 4.5.3.2) before its row is stuck, as long as its daemon lives.
RELAY_MAY_TAKE: Final = timedelta(minutes=20)
#: What is doubled and cannot be undone is told for so long, unless one asks for another time: not for ever.
TOLD_FOR: Final = timedelta(days=7)
#: A mailbox from which mail leaves may be so far behind: a slow relay is no standstill.
MAY_BE_BEHIND: Final = timedelta(days=1)
WHILE_OTHERS_LEAVE: Final = "others of its mailbox are sent meanwhile"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for."""

    word: str  # stable
    kind: Kind
    means: str
    cure: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found; what is of no use for its rule is empty."""

    word: str
    at: datetime  # of the newest mail of it; of stuck mail, since when it waits
    mailbox: str
    messages: tuple[int, ...] = ()  # as `message list` names them
    cases: tuple[str, ...] = ()
    outbox: tuple[int, ...] = ()
    detail: str = ""  # no mail's content


#: The policy, in the order in which people read it.
RULES: Final = (
    Rule(
        "mail_twice",
        "doubled",
        "one mail is stored as several messages of a group",
        "`mailcase message show ID` tells why each was taken for new; cases that are one: "
        "`mailcase case merge NUMBER --into NUMBER` ends this. On one case or none it is told for a week.",
    ),
    Rule(
        "cases_twice",
        "doubled",
        "one mail made several cases",
        "`mailcase case merge NUMBER --into NUMBER` ends this; `mailcase message show ID` tells why each was made.",
    ),
    Rule(
        "answered_twice",
        "doubled",
        "one mail was acknowledged several times to one address",
        "What left cannot be taken back, and is told for a week (older: `--since TIME`): `mailcase outbox list` says "
        "when each did, `mailcase message show ID` why it was due.",
    ),
    Rule(
        "undecided",
        "stuck",
        "in the journal for too long without an outcome; nothing is lost",
        "See by `mailcase status` whether a daemon runs, and in its log for errors (store_busy, task_died); a restart, "
        "or `mailcase run --once`, takes all of it up again.",
    ),
    Rule(
        "sending",
        "stuck",
        "claimed by a daemon that is gone, or at the relay for too long",
        "A daemon that runs settles what another left: an acknowledgement becomes uncertain, other mail is sent again. "
        "`systemctl start mailcase`; where it runs, restart the one that is named.",
    ),
    Rule(
        "overdue",
        "stuck",
        "its time to be sent has come, and nobody sends it",
        "See by `mailcase status` whether a daemon runs and works this mailbox; `mailcase run --once` sends what no "
        "daemon holds.",
    ),
    Rule(
        "quarantined",
        "stuck",
        "could not be processed; its raw bytes are kept",
        "`mailcase quarantine show ID`, then `mailcase quarantine retry ID` or `mailcase quarantine drop ID`.",
    ),
)
BY_WORD: Final[Mapping[str, Rule]] = {rule.word: rule for rule in RULES}


def counts(found: Sequence[Finding]) -> dict[Kind, int]:
    """How many are doubled and how many stuck; both are named, if none is."""
    seen = Counter(BY_WORD[one.word].kind for one in found)
    return {kind: seen[kind] for kind in KINDS}


def of_late(found: Sequence[Finding], since: datetime | None) -> list[Finding]:
    """Without what was doubled before that time; what is stuck is told however long it is."""
    return [one for one in found if since is None or BY_WORD[one.word].kind == "stuck" or one.at >= since]
