"""What needs a person: one table of conditions, read by alarms, `status` and /health alike. Pure."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from mailcase.health.situation import CLOCKS_DIFFER_S, REFUSED, Situation
from mailcase.intake.state import MailboxState

_AT_ONCE: Final = timedelta(0)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that needs a person now."""

    word: str  # the stable word of its rule
    since: datetime
    detail: str  # what is known, without any mail's content
    mailbox: str = ""
    host: str = ""

    @property
    def key(self) -> str:
        """The condition's name: one open alarm for each."""
        return ":".join(part for part in (self.word, self.mailbox, self.host) if part)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: how the condition is found, and what a person is told."""

    word: str
    of: Literal["mailbox", "store", "host"]
    find: Callable[["Rule", Situation], Iterator[Condition]]
    title: str
    means: str
    cure: str
    after: timedelta | None = _AT_ONCE  # how long it must last; None: [alarm] after
    service: str = ""  # whose login it is about, "imap" or "smtp"
    oauth_cure: str = ""  # the cure where that login is by token


def waits(state: MailboxState) -> bool:
    """Whether it is not the mailbox's own trouble: it waits for the store, or for room on the disk."""
    return state.trouble in ("store_busy", "disk_low")


def _trouble(state: MailboxState) -> str:
    """The word of what keeps a mailbox from being read; trouble of store and disk is not the mailbox's own."""
    if waits(state):
        return ""
    return state.trouble or ("mailbox_unreachable" if state.error else "")


def _mailboxes(rule: Rule, now: Situation) -> Iterator[Condition]:
    for name, state in now.facts.mailboxes.items():
        since = state.failing_since or now.now
        if name not in now.facts.paused and _trouble(state) == rule.word and _lasts(rule, now, since):
            yield Condition(rule.word, since, state.error, mailbox=name)


def _unheld(rule: Rule, now: Situation) -> Iterator[Condition]:
    for name, since in now.facts.unheld.items():
        if name not in now.facts.paused and _lasts(rule, now, since):
            yield Condition(rule.word, since, "no daemon has taken it", mailbox=name)


def _lasts(rule: Rule, now: Situation, since: datetime) -> bool:
    return now.now - since >= (now.after if rule.after is None else rule.after)


def _quarantine(rule: Rule, now: Situation) -> Iterator[Condition]:
    if count := now.numbers.quarantine:
        detail = f"{count} {'mail' if count == 1 else 'mails'} could not be processed"
        yield Condition(rule.word, now.numbers.quarantine_since or now.now, detail)


def _breaker(rule: Rule, now: Situation) -> Iterator[Condition]:
    if (since := now.numbers.breaker_since) is not None:
        held = f"{now.numbers.held} mails are held" if now.numbers.held else "no mail is held yet"
        yield Condition(
            rule.word, since, f"{held}; it opened at {now.numbers.breaker_threshold} automatic mails an hour"
        )


def _disk(rule: Rule, now: Situation) -> Iterator[Condition]:
    if now.facts.disk_low:
        free = now.facts.disk_free
        left = "too little is free" if free is None else f"{free // 1024**2} MB are free"
        yield Condition(rule.word, now.facts.disk_low_since or now.now, left, host=now.host)


def _configuration(rule: Rule, now: Situation) -> Iterator[Condition]:
    if now.facts.config_error:
        yield Condition(rule.word, now.facts.config_error_at or now.now, now.facts.config_error, host=now.host)


def _clock(rule: Rule, now: Situation) -> Iterator[Condition]:
    if abs(now.facts.clock_ahead_s) > CLOCKS_DIFFER_S:
        where = "ahead of" if now.facts.clock_ahead_s > 0 else "behind"
        detail = f"{now.host} is {abs(now.facts.clock_ahead_s):.0f} s {where} the database's clock"
        yield Condition(rule.word, now.now, detail, host=now.host)


def _relays(rule: Rule, now: Situation) -> Iterator[Condition]:
    for name, relay in now.numbers.relays.items():
        if relay.reason in REFUSED:
            yield Condition(rule.word, relay.since, f"{relay.error} ({_waiting(relay.mails)})", mailbox=name)


def _outbox(rule: Rule, now: Situation) -> Iterator[Condition]:
    since = now.numbers.pending_since
    if since is not None and _lasts(rule, now, since):
        reasons = [f"{name}: {one.error}" for name, one in now.numbers.relays.items() if one.reason not in REFUSED]
        count = now.numbers.outbox.get("pending", 0) - now.numbers.held
        yield Condition(rule.word, since, "; ".join([_waiting(max(count, 1)), *reasons]))


def _waiting(count: int) -> str:
    return f"{count} mail waits" if count == 1 else f"{count} mails wait"


def _assignees(rule: Rule, now: Situation) -> Iterator[Condition]:
    for box in dict.fromkeys(one.of.mailbox for one in now.numbers.gone):  # "": all assignment rules
        wrong = "\n".join(f"{one.of.place}: {one.detail}" for one in now.numbers.gone if one.of.mailbox == box)
        yield Condition(rule.word, now.now, wrong, mailbox=box)


def _undecided(rule: Rule, now: Situation) -> Iterator[Condition]:
    if (since := now.numbers.undecided_since) is not None and _lasts(rule, now, since):
        yield Condition(rule.word, since, f"{now.numbers.undecided} mails wait in the journal")


def _store(rule: Rule, now: Situation) -> Iterator[Condition]:
    if now.store_since is not None and _lasts(rule, now, now.store_since):
        yield Condition(rule.word, now.store_since, "the store cannot be read or written", host=now.host)


#: The policy: what needs a person, since when it counts, what it means and what to do.
RULES: Final = (
    Rule(
        "mailbox_unreachable",
        "mailbox",
        _mailboxes,
        "mailbox cannot be read",
        "New mail stays on the server and is not looked at; nothing is lost. It is tried again all the time.",
        "See whether the server runs and can be reached from here: `mailcase check` tries each step and says where it "
        "fails.",
        None,
    ),
    Rule(
        "login_refused",
        "mailbox",
        _mailboxes,
        "login refused",
        "The server does not let this account in. New mail stays there; after three tries it is asked once an hour.",
        "Correct user and password in [mailbox.imap], then `mailcase check`. Microsoft 365 and Google refuse "
        'passwords: use auth = "xoauth2". A changed file is taken in without a restart.',
        service="imap",
        oauth_cure="The endpoint gives tokens, the server does not take them for this user: is [mailbox.imap] user the "
        "mailbox's own address, and may the app read it? `mailcase check` says which permission it takes.",
    ),
    Rule(
        "token_ended",
        "mailbox",
        _mailboxes,
        "sign-in has ended",
        "The token endpoint refuses the client or its grant: a secret expired, or somebody withdrew the consent.",
        "Renew secret or grant at the provider, put it into [mailbox.oauth2], then `mailcase check`.",
    ),
    Rule(
        "folder_missing",
        "mailbox",
        _mailboxes,
        "a folder is missing",
        "A configured folder cannot be opened on the server; the other folders of the mailbox are read.",
        "Make the folder on the server, or correct `folders` in [mailbox.imap]; `mailcase check` lists what is there.",
    ),
    Rule(
        "nobody_reads",
        "mailbox",
        _unheld,
        "no daemon works this mailbox",
        "Several daemons share the store, and none of them could take this mailbox. New mail stays on the server.",
        "See in the logs which daemon lost it (tenure_lost) or was frozen; end that process, and another takes over.",
        _MINUTE,
    ),
    Rule(
        "quarantine",
        "store",
        _quarantine,
        "mail in quarantine",
        "These mails could not be processed. They made no case and were not answered; their raw bytes are kept.",
        "`mailcase quarantine list`, then `mailcase quarantine retry ID` or `mailcase quarantine drop ID`.",
    ),
    Rule(
        "breaker_open",
        "store",
        _breaker,
        "automatic mail is held",
        "Far more automatic mail than usual was about to leave: perhaps a loop. Mails still become cases; no "
        "acknowledgement leaves.",
        "`mailcase outbox list` shows to whom. If it is in order: `mailcase outbox release`. It closes by itself after "
        "an hour below the threshold.",
    ),
    Rule(
        "disk_low",
        "host",
        _disk,
        "disk nearly full",
        "No mail is fetched until there is more space; it stays on its server. What was fetched goes on.",
        "Make room where [store] state_dir lies, or set [retention] raw; reading goes on by itself.",
    ),
    Rule(
        "config_refused",
        "host",
        _configuration,
        "configuration refused",
        "The changed files are wrong, so the rules from before stay in force.",
        "Correct what is named; `mailcase check` says whether it is right. It is taken in without a restart.",
    ),
    Rule(
        "clock_differs",
        "host",
        _clock,
        "this host's clock is wrong",
        "Several daemons share the store, and its clock counts for all of them: mail and limits are in order. Commands "
        "on this host go by its own clock.",
        "Let the host and the database's host ask the same time servers (NTP).",
    ),
    Rule(
        "relay_refused",
        "store",
        _relays,
        "mail cannot be sent: login refused",
        "The SMTP server does not let us in; no mail of this mailbox leaves until it does.",
        "Correct user and password in [mailbox.smtp], then `mailcase check`. A changed file is taken in without a "
        "restart, and the mail that waits leaves at once.",
        service="smtp",
        oauth_cure="`mailcase check` tells which it is: the sign-in has ended (renew secret or grant in "
        "[mailbox.oauth2]), or the server does not take the token (may the app send as [mailbox.smtp] user?).",
    ),
    Rule(
        "outbox_stuck",
        "store",
        _outbox,
        "mail waits to be sent",
        "A mail has been waiting for more than an hour; acknowledgements expire after 24 hours.",
        "`mailcase outbox list` shows each mail's last error; `mailcase check` tries every SMTP server.",
        _HOUR,
    ),
    Rule(
        "undecided",
        "store",
        _undecided,
        "mail waits to be decided",
        "A mail has been in the journal for more than an hour without an outcome; nothing is lost.",
        "Look into the log for errors (store_busy, task_died); a restart of the daemon takes all of it up again.",
        _HOUR,
    ),
    Rule(
        "assignee_missing",
        "store",
        _assignees,
        "cases go to nobody",
        "The configuration gives new cases to a group or an agent who is not there: nobody is told of them.",
        "Correct the name in the file, or enter, enable or fill what it names: `mailcase check` says by which command.",
    ),
    Rule(
        "store_unavailable",
        "host",
        _store,
        "the store is not there",
        "No mail is fetched or decided while the store cannot be written; it stays on its server.",
        "See whether the database runs, or who holds the SQLite file; work goes on by itself.",
        None,
    ),
)
BY_WORD: Final = {rule.word: rule for rule in RULES}


def cure_of(word: str, mailbox: str, by_token: Collection[str]) -> str:
    """What to do; "" for a word of another version. `by_token`: as Facts.by_token."""
    if (rule := BY_WORD.get(word)) is None:
        return ""
    return rule.oauth_cure if rule.service and f"{rule.service}:{mailbox}" in by_token else rule.cure


def conditions(now: Situation) -> tuple[Condition, ...]:
    """All that needs a person now, in the table's order."""
    return tuple(found for rule in RULES for found in rule.find(rule, now))


def well(state: MailboxState) -> bool:
    """Whether a mailbox shows that it can be read: it was looked at, and nothing is wrong."""
    return state.last_look is not None and not _trouble(state)
