"""What the machine holds the product against, written down from behaviour.md 4 and docs/notices.md, not computed."""

from typing import Final

NEW, WORK, WAIT, SOLVED, AGAIN, CLOSED, CANCELED = (
    "New", "In progress", "Waiting for response", "Resolved", "Reopened", "Closed", "Canceled",
)  # fmt: skip
ACTIVE: Final = (NEW, WORK, AGAIN)
OPEN: Final = (NEW, WORK, WAIT, SOLVED, AGAIN)
FINAL: Final = (CLOSED, CANCELED)

_ENDS: Final = {"close": CLOSED, "cancel": CANCELED, "merge": CLOSED}
_AT_WORK: Final = {"wait": WAIT, "suspend": WAIT, "resolve": SOLVED, **_ENDS}
#: The only ways of a status by an act: status -> act -> status (L1, L3, L5, L8). Undoing a cancel is no row: it
#: leads back to where the case was.
BY_ACT: Final[dict[str, dict[str, str]]] = {
    NEW: {"start": WORK, **_AT_WORK},
    WORK: _AT_WORK,
    AGAIN: {"start": WORK, **_AT_WORK},
    WAIT: {"start": WORK, "resume": WORK, "resolve": SOLVED, **_ENDS},
    SOLVED: {"start": WORK, "restart": AGAIN, **_ENDS},
    CLOSED: {"restart": AGAIN},
    CANCELED: {"restart": AGAIN},
}
#: And by a mail (B9).
BY_MAIL: Final = {WAIT: AGAIN, SOLVED: AGAIN}

#: What happened -> the rules that owe a mail for it, each with the words for whom. "made": by hand.
OWED: Final[dict[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "made": (("opened", ("customer",)), ("new_case", ("team",))),
    "arrived": (("new_case", ("team",)),),
    "in_progress": (("in_progress", ("customer",)),),
    "waiting": (("waiting", ("customer",)),),
    "resolved": (("resolved", ("customer",)),),
    "closed": (("closed", ("customer",)),),
    "canceled": (("canceled", ("customer",)),),
    "assigned": (("assigned", ("assignee",)),),
    "group_assigned": (("group", ("group",)),),
    "restarted": (("restarted", ("owner",)),),
    "customer_replied": (("customer_replied", ("owner", "followers")),),
    "undeliverable": (("undeliverable", ("owner", "followers")),),
    "urged": (("urge", ("owner", "followers")),),
    "commented": (("comment", ("assignee", "followers")),),
    "task_given": (("task", ("task_agent",)),),
    "changed": (("followed_case", ("followers",)),),
}
#: Told even on a merged case: what agents say there is for agents.
AMONG_US: Final = ("comment",)
#: Acts that are possible on a merged case and on junk, too: they change the history alone.
QUIET: Final = ("note", "comment", "follow", "unfollow", "relate")
#: A rule of the configuration that waits this long, and asks again then.
DELAYED: Final = {"resolved": 30}  # minutes
#: More than so many notices of one rule to one agent within the hour are kept back,
AGENT_LIMIT: Final = 60
#: and of those about one case.
CASE_LIMIT: Final = 20
#: Of the answers that tell an agent that his mail was kept as a note: so many.
KEPT_LIMIT: Final = 10
#: How long an address gets no automatic mail after a permanent failure.
SILENT_DAYS: Final = 30
