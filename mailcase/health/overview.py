"""The daemon's health as one value: what `mailcase status` prints, from the store alone. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from mailcase.health.conditions import BY_WORD, Condition, conditions, cure_of, waits, well
from mailcase.health.heard import Heard, heard
from mailcase.health.open_alarms import alarms
from mailcase.health.proof import Proof
from mailcase.health.situation import DaemonTold, Facts, MailboxTold, Returned, Situation, Told, Unregistered
from mailcase.intake.state import MailboxState

_STATES: Final = ("pending", "sending", "sent", "failed", "suppressed", "expired", "uncertain", "bounced")
#: What only a look from outside can tell: title and cure, as in `conditions.RULES`.
FROM_OUTSIDE: Final[Mapping[str, tuple[str, str]]] = {
    "no_daemon": (
        "no daemon is running",
        "start it: `systemctl start mailcase`, or `mailcase run`; its log says why it ended",
    ),
    "config_wrong": (
        "the configuration's files are wrong",
        "correct what is named; `mailcase check` says whether it is right",
    ),
    "reload_due": (
        "the daemon's rules are not those of the files",
        "it takes changed files in within seconds: `systemctl reload mailcase`, or look at its log",
    ),
    "restart_needed": ("a change waits for a restart", "`systemctl restart mailcase`, when it suits"),
    "policies_differ": (
        "the daemons on this store work by different rules",
        "give all of them the same files; mails are decided by whichever takes them",
    ),
}


@dataclass(frozen=True, slots=True)
class Files:
    """What the configuration's files say at this moment."""

    file: str
    error: str = ""  # why they would be refused
    policy_hash: str = ""
    mailboxes: Mapping[str, bool] | None = None  # name -> whether it has a source; None: cannot be read
    after: timedelta = timedelta(minutes=5)
    host: str = ""  # where they lie
    path: str = ""  # as a daemon tells it in Facts.config
    alone: bool = False  # their store admits one daemon
    elsewhere: str = ""  # a daemon lives that works on another store than the files say


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs a person, with the cure."""

    word: str
    mailbox: str
    since: datetime | None
    title: str
    detail: str
    cure: str

    def entry(self) -> dict[str, Any]:
        """For --json."""
        return {
            "condition": self.word, "mailbox": self.mailbox, "since": self.since, "detail": self.detail,
            "cure": self.cure,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overview:
    """The data of `status --json`, and what needs a person."""

    data: Mapping[str, Any]
    needs: tuple[Need, ...]


def overview(told: Told, files: Files, now: datetime) -> Overview:
    """Everything together; `needs` empty means that nobody has to do anything."""
    daemons = heard(told.daemons, now, alone=files.alone)
    living = [one.told for one in daemons if one.lives]
    by_token = {login for one in living for login in one.facts.by_token}
    found = _conditions(told, living, files, now)
    needs = (*_from_outside(living, files), *(_need(one, by_token) for one in found))
    numbers = told.numbers
    data = {
        "ok": not needs,
        "needs": [one.entry() for one in needs],
        "daemons": [_daemon(one, now) for one in daemons],
        "mailboxes": [_mailbox(name, told, living, files) for name in _names(told, files)],
        "journal": {"undecided": numbers.undecided, "oldest": numbers.undecided_since},
        "quarantine": {"mails": numbers.quarantine, "oldest": numbers.quarantine_since},
        "outbox": {
            **{state: numbers.outbox.get(state, told.ended.get(state, 0)) for state in _STATES},
            "held": numbers.held, "held_of": dict(numbers.held_of), "oldest_pending": numbers.pending_since,
            "relays": [
                {"mailbox": name, "reason": one.reason, "error": one.error, "since": one.since, "mails": one.mails}
                for name, one in sorted(numbers.relays.items())
            ],
        },
        "breaker": {
            "open": numbers.breaker_since is not None, "since": numbers.breaker_since,
            "threshold": numbers.breaker_threshold or None,
        },
        "audit": _audit(numbers.proof),
        "configuration": {"file": files.file, "policy": files.policy_hash, "error": files.error},
        "alarms": list(alarms(told.alarms, found, living, files.after)),
    }  # fmt: skip
    return Overview(data, needs)


def _conditions(told: Told, living: Iterable[DaemonTold], files: Files, now: datetime) -> list[Condition]:
    """Of every daemon that lives, each once; without one, what the store's numbers show."""
    nobody = Situation(now, Facts(), told.numbers, after=files.after)
    situations = [replace(nobody, facts=_facts(told, one), host=one.host) for one in living] or [nobody]
    return list({one.key: one for situation in situations for one in conditions(situation)}.values())


def _facts(told: Told, daemon: DaemonTold) -> Facts:
    """What the daemon told, with the mailboxes that it works."""
    states = {one.mailbox: one.state for one in told.mailboxes if one.owner == daemon.owner}
    return replace(daemon.facts, mailboxes=states, paused=daemon.facts.paused | told.paused)


def _need(one: Condition, by_token: Collection[str]) -> Need:
    cure = cure_of(one.word, one.mailbox, by_token)
    return Need(one.word, one.mailbox, one.since, BY_WORD[one.word].title, one.detail, cure)


def _from_outside(living: list[DaemonTold], files: Files) -> Iterator[Need]:
    if files.elsewhere:
        yield _outside("restart_needed", files.elsewhere)
    elif not living:
        yield _outside("no_daemon", "nothing is read, decided or sent")
    if files.error and files.error not in {one.facts.config_error for one in living}:
        yield _outside("config_wrong", files.error)
    hashes = sorted({one.facts.policy_hash for one in living})
    if len(hashes) > 1:
        yield _outside("policies_differ", f"policies {', '.join(hashes)}")
    for one in living:
        theirs = (one.host, one.facts.config) == (files.host, files.path)  # others may have files of their own
        if theirs and files.policy_hash and one.facts.policy_hash != files.policy_hash:
            yield _outside("reload_due", f"{one.host} works by policy {one.facts.policy_hash}, not {files.policy_hash}")
        if one.facts.restart_needed:
            yield _outside("restart_needed", f"on {one.host}: {', '.join(one.facts.restart_needed)}")


def _outside(word: str, detail: str) -> Need:
    title, cure = FROM_OUTSIDE[word]
    return Need(word, "", None, title, detail, cure)


def _daemon(stands: Heard, now: datetime) -> dict[str, Any]:
    one, facts, other = stands.told, stands.told.facts, stands.successor
    return {
        "owner": one.owner, "host": one.host, "pid": one.pid, "version": one.version, "alive": stands.lives,
        "way": stands.way, "silent_s": round(max(0.0, (now - one.seen_at).total_seconds()), 1),
        "successor": {"host": other.host, "pid": other.pid} if other else None,
        "started_at": one.started_at, "seen_at": one.seen_at, "policy": facts.policy_hash,
        "config_error": facts.config_error, "config_error_at": facts.config_error_at,
        "restart_needed": list(facts.restart_needed), "disk_free": facts.disk_free, "disk_low": facts.disk_low,
    }  # fmt: skip


def _audit(proof: Proof | None) -> dict[str, Any] | None:
    """The newest look through the store; None before the first one."""
    if proof is None:
        return None
    return {
        "at": proof.at, "took_s": proof.took_s, "mails": proof.mails, "before": proof.before,
        "doubled": proof.doubled, "stuck": proof.stuck, "found": dict(proof.found), "first": list(proof.first),
        "since": proof.since,
    }  # fmt: skip


def _names(told: Told, files: Files) -> list[str]:
    """The configured ones in their order; where the files cannot be read, those that were told of."""
    rows = [one.mailbox for one in told.mailboxes]
    return list(dict.fromkeys([*(files.mailboxes if files.mailboxes is not None else rows)]))


def _mailbox(name: str, told: Told, living: list[DaemonTold], files: Files) -> dict[str, Any]:
    row = next((one for one in told.mailboxes if one.mailbox == name), None)
    state = row.state if row else MailboxState()
    unregistered = next((one for one in told.unregistered if one.mailbox == name), Unregistered(name, 0))
    returned = told.numbers.returned.get(name, Returned(0, 0))
    return {
        "mailbox": name, "state": _state(name, row, told, living, files), "source": row.source if row else "",
        "last_look": state.last_look, "last_mail": state.last_mail,
        "lag_s": state.lag_s if state.last_mail else None, "quota": state.quota,
        "withheld": state.withheld.mails if state.withheld else 0, "trouble": state.trouble,
        "error": state.error, "failing_since": state.failing_since, "failed_at": state.failed_at,
        "daemon": next(({"host": one.host, "pid": one.pid} for one in living if row and one.owner == row.owner), None),
        "unregistered": {
            "mails": unregistered.mails,
            "addresses": [{"address": address, "mails": mails} for address, mails in unregistered.addresses],
        },
        "automatic": {"sent": returned.sent, "bounced": returned.bounced},
    }  # fmt: skip


def _state(name: str, row: MailboxTold | None, told: Told, living: list[DaemonTold], files: Files) -> str:
    """reading, paused, failing, waiting (for store or disk), starting, stopped (nobody reads it) or no_source."""
    if name in told.paused:
        return "paused"
    if files.mailboxes is not None and not files.mailboxes.get(name, True):
        return "no_source"
    if row is None or row.owner not in {one.owner for one in living}:
        return "starting" if any(name in one.facts.sources for one in living) else "stopped"
    if waits(row.state):
        return "waiting"
    if row.state.error:
        return "failing"
    return "reading" if well(row.state) else "starting"
