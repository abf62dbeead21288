"""How each condition of the table is found in a situation: a function a row. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from mailcase.health.proof import in_words
from mailcase.health.situation import CLOCKS_DIFFER_S, REFUSED, AlarmTold, Situation
from mailcase.intake.state import MailboxState

AT_ONCE: Final = timedelta(0)
BAND: Final = 0.98  # of its threshold: a share that hovers there is one alarm
_NAMED: Final = 10  # mailboxes that a detail names
FEW_BOUNCES: Final = 10  # a day, of one mailbox: of so few a share says nothing


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


def never(_alarm: AlarmTold, _now: Situation) -> bool:
    """What is not found any more is about to be over."""
    return False


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: how the condition is found, and what a person is told."""

    word: str
    of: Literal["mailbox", "store", "host"]
    find: Callable[["Rule", Situation], Iterator[Condition]]
    title: str
    means: str
    cure: str
    after: timedelta | None = AT_ONCE  # how long it must last; None: [alarm] after
    service: str = ""  # whose login it is about, "imap" or "smtp"
    oauth_cure: str = ""  # the cure where that login is by token
    lingers: Callable[[AlarmTold, Situation], bool] = never  # an open alarm goes on though it would not begin


def waits(state: MailboxState) -> bool:
    """Whether it is not the mailbox's own trouble: it waits for the store, or for room on the disk."""
    return state.trouble in ("store_busy", "disk_low")


def trouble(state: MailboxState) -> str:
    """The word of what keeps a mailbox from being read; trouble of store and disk is not the mailbox's own."""
    if waits(state):
        return ""
    return state.trouble or ("mailbox_unreachable" if state.error else "")


def mailboxes(rule: Rule, now: Situation) -> Iterator[Condition]:
    """What keeps a mailbox from being read."""
    for name, state in now.facts.mailboxes.items():
        since = state.failing_since or now.now
        if name not in now.facts.paused and trouble(state) == rule.word and _lasts(rule, now, since):
            yield Condition(rule.word, since, state.error, mailbox=name)


def unheld(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mailboxes that no daemon holds."""
    for name, since in now.facts.unheld.items():
        if name not in now.facts.paused and _lasts(rule, now, since):
            yield Condition(rule.word, since, "no daemon has taken it", mailbox=name)


def _lasts(rule: Rule, now: Situation, since: datetime) -> bool:
    return now.now - since >= (now.after if rule.after is None else rule.after)


def room(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mailboxes whose server has little room left for them."""
    for name, state in now.facts.mailboxes.items():
        if state.quota is not None and state.quota >= now.facts.quota_over and name not in now.facts.paused:
            yield Condition(rule.word, now.now, f"{state.quota:.0%} of its room is used", mailbox=name)


def withheld(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mailboxes whose server does not give some of the mails that it lists."""
    for name, state in now.facts.mailboxes.items():
        if (found := state.withheld) is not None and name not in now.facts.paused:
            mails = f"{found.mails} {'mail' if found.mails == 1 else 'mails'}"
            yield Condition(rule.word, found.since, f"{mails} on the server not given: {found.named}", mailbox=name)


def nearly(alarm: AlarmTold, now: Situation) -> bool:
    """A mailbox that has hardly more room than when somebody was told."""
    state = now.facts.mailboxes.get(alarm.mailbox)
    return state is not None and state.quota is not None and state.quota >= BAND * now.facts.quota_over


def silent(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mailboxes that can be read and got no mail for longer than they should; one that never got any says nothing."""
    for name, hours in now.facts.silent_hours.items():
        state = now.facts.mailboxes.get(name)
        if state is None or state.last_mail is None or name in now.facts.paused:
            continue
        read = state.last_look is not None and not (state.trouble or state.error)
        if read and now.now - state.last_mail >= timedelta(hours=hours):
            yield Condition(rule.word, state.last_mail, f"no new mail for more than {_hours(hours)}", mailbox=name)


def bounces(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mailboxes of whose automatic mail of one day too large a share came back."""
    for name, one in now.numbers.returned.items():
        if one.bounced >= FEW_BOUNCES and one.bounced > now.facts.bounces_over * one.sent:
            share = f"{one.bounced} of {one.sent} automatic mails of the last 24 hours came back"
            yield Condition(rule.word, now.now, share, mailbox=name)


def quarantine(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mail in quarantine."""
    if count := now.numbers.quarantine:
        detail = f"{count} {'mail' if count == 1 else 'mails'} could not be processed"
        yield Condition(rule.word, now.numbers.quarantine_since or now.now, detail)


def breaker(rule: Rule, now: Situation) -> Iterator[Condition]:
    """An open breaker."""
    if (since := now.numbers.breaker_since) is not None:
        whose = named(now.numbers.held_of)
        held = f"{_held(now.numbers.held)}{whose}" if now.numbers.held else "no mail is held yet"
        yield Condition(
            rule.word, since, f"{held}; it opened at {now.numbers.breaker_threshold} automatic mails an hour"
        )


def disk(rule: Rule, now: Situation) -> Iterator[Condition]:
    """A disk that is nearly full."""
    if now.facts.disk_low:
        free = now.facts.disk_free
        left = "too little is free" if free is None else f"{free // 1024**2} MB are free"
        yield Condition(rule.word, now.facts.disk_low_since or now.now, left, host=now.host)


def configuration(rule: Rule, now: Situation) -> Iterator[Condition]:
    """A change that was refused."""
    if now.facts.config_error:
        yield Condition(rule.word, now.facts.config_error_at or now.now, now.facts.config_error, host=now.host)


def clock(rule: Rule, now: Situation) -> Iterator[Condition]:
    """A host whose clock differs from the store's."""
    if abs(now.facts.clock_ahead_s) > CLOCKS_DIFFER_S:
        where = "ahead of" if now.facts.clock_ahead_s > 0 else "behind"
        detail = f"{now.host} is {abs(now.facts.clock_ahead_s):.0f} s {where} the database's clock"
        yield Condition(rule.word, now.now, detail, host=now.host)


def relays(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Ways out that refuse us."""
    for name, relay in now.numbers.relays.items():
        if relay.reason in REFUSED:
            yield Condition(rule.word, relay.since, f"{relay.error} ({_waiting(relay.mails)})", mailbox=name)


def outbox(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mail that waits to be sent."""
    since = now.numbers.pending_since
    if since is not None and _lasts(rule, now, since):
        reasons = [f"{name}: {one.error}" for name, one in now.numbers.relays.items() if one.reason not in REFUSED]
        count = now.numbers.outbox.get("pending", 0) - now.numbers.held
        waiting = _waiting(max(count, 1)) + named(now.numbers.waiting_of)
        yield Condition(rule.word, since, "; ".join([waiting, *reasons]))


def named(mails: Mapping[str, int]) -> str:
    """The mailboxes with how many mails of each are meant, in brackets; of many the first ones."""
    told = [f"{name} {count}" for name, count in mails.items()]
    more = [f"{len(told) - _NAMED} more mailboxes"] if len(told) > _NAMED else []
    return f" ({', '.join([*told[:_NAMED], *more])})" if told else ""


def _hours(count: int) -> str:
    return f"{count} hour" if count == 1 else f"{count} hours"


def _held(count: int) -> str:
    return f"{count} mail is held" if count == 1 else f"{count} mails are held"


def _waiting(count: int) -> str:
    return f"{count} mail waits" if count == 1 else f"{count} mails wait"


def assignees(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Groups and agents that are not there."""
    for box in dict.fromkeys(one.of.mailbox for one in now.numbers.gone):  # "": all assignment rules
        wrong = "\n".join(f"{one.of.place}: {one.detail}" for one in now.numbers.gone if one.of.mailbox == box)
        yield Condition(rule.word, now.now, wrong, mailbox=box)


def undecided(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Mail that waits to be decided."""
    if (since := now.numbers.undecided_since) is not None and _lasts(rule, now, since):
        yield Condition(rule.word, since, f"{_waiting(now.numbers.undecided)} in the journal")


def unsound(rule: Rule, now: Situation) -> Iterator[Condition]:
    """What the newest look through the store found, and nothing else tells."""
    proof = now.numbers.proof
    if proof is not None and proof.since is not None:
        more = sum(proof.untold.values()) - len(proof.first)
        lines = (in_words(proof.untold), *proof.first, *([f"and {more} more"] if more > 0 else []))
        yield Condition(rule.word, proof.since, "\n".join(lines))


def unproven(rule: Rule, now: Situation) -> Iterator[Condition]:
    """Looks through the store that do not come to their end: that nothing was found says nothing."""
    if now.numbers.audit_failing is not None and _lasts(rule, now, now.numbers.audit_failing[0]):
        yield Condition(rule.word, *now.numbers.audit_failing)


def store(rule: Rule, now: Situation) -> Iterator[Condition]:
    """A store that cannot be reached."""
    if now.store_since is not None and _lasts(rule, now, now.store_since):
        yield Condition(rule.word, now.store_since, "the store cannot be read or written", host=now.host)
