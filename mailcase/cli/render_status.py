"""What `mailcase status` prints for people: a line a part, marked where it needs a person, with the cure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from mailcase.cli.output import counted, safe, say
from mailcase.cli.render_watch import alarm_lines, daemon_line, daemon_mark, shown
from mailcase.cli.when import after, amount, moment
from mailcase.health.finding import named
from mailcase.health.overview import Need, Overview
from mailcase.health.proof import in_words

#: Which part of the screen tells of which condition; a mailbox's own stand with the mailbox.
_PLACES: Final = {
    "daemon": ("no_daemon", "policies_differ", "restart_needed", "daemon_hangs", "store_unavailable", "clock_differs"),
    "journal": ("undecided",),
    "quarantine": ("quarantine",),
    "outbox": ("outbox_stuck", "relay_refused", "mail_bounces"),
    "breaker": ("breaker_open",),
    "audit": ("store_unsound", "store_unproven"),
    "configuration": ("config_wrong", "config_refused", "reload_due", "assignee_missing"),
    "disk": ("disk_low",),
}
_OF_MAILBOX: Final = (
    *("mailbox_unreachable", "login_refused", "token_ended", "folder_missing", "mailbox_full", "mailbox_silent"),
    "folder_refused",
    "mail_withheld",
    "nobody_reads",
)
_UNREADABLE: Final = "`mailcase message list --outcome ignored` names them; `message show ID` has their headers"


def print_status(found: Overview, zone: str, now: datetime) -> None:
    """The whole screen."""
    screen = _Screen(found, ZoneInfo(zone), now)
    for line in screen.lines():
        say(line)


class _Screen:
    """The parts, one after another."""

    def __init__(self, found: Overview, zone: ZoneInfo, now: datetime) -> None:
        self._data, self._needs, self._zone, self._now = found.data, found.needs, zone, now

    def lines(self) -> Iterator[str]:
        told = shown(self._data["daemons"])
        marks = [daemon_mark(one) for one in told]
        yield from self._part("daemon", *(daemon_line(one, self._at) for one in told), marks=marks)
        for one in self._data["mailboxes"]:
            needs = [need for need in self._needs if need.word in _OF_MAILBOX and need.mailbox == one["mailbox"]]
            yield from self._block(f"mailbox {one['mailbox']}", [self._mailbox(one)], needs)
        yield from self._part("journal", self._journal(self._data["journal"]))
        yield from self._part("quarantine", counted(self._data["quarantine"]["mails"], "mail"))
        yield from self._part("outbox", self._outbox(self._data["outbox"]))
        yield from self._part("breaker", self._breaker(self._data["breaker"]))
        yield from self._part("audit", self._audit(self._data["audit"]))
        yield from self._recipients()
        yield from self._part("configuration", self._configuration(self._data["configuration"]))
        yield from self._part("disk", *self._disk())
        yield from alarm_lines(self._data["alarms"], self._at)

    def _part(self, name: str, *texts: str, marks: Sequence[str] = ()) -> Iterator[str]:
        yield from self._block(name, texts, [one for one in self._needs if one.word in _PLACES[name]], marks)

    def _block(
        self, name: str, texts: Sequence[str], needs: Sequence[Need], marks: Sequence[str] = ()
    ) -> Iterator[str]:
        """What is, then what needs a person and what to do; `marks` of the texts where nothing does."""
        for at, text in enumerate(texts or (["none"] if needs else [])):
            mark = "!!" if needs else next(iter(marks[at:]), "ok")
            yield f"{mark:<3} {safe(name):<20} {safe(text)}"
        for need in needs:
            since = f" since {self._at(need.since)} ({after(need.since, self._now)})" if need.since else ""
            whose = f"{need.mailbox}: " if need.mailbox and need.word not in _OF_MAILBOX else ""
            head, *more = need.detail.splitlines() or [""]
            yield f"!!  {'':<20} {safe(f'{whose}{need.title}{since}: {head}'.removesuffix(': '))}"
            yield from (f"    {'':<20} {safe(line)}" for line in more)
            yield f"    {'':<20} → {safe(need.cure)}"

    def _at(self, at: datetime | None) -> str:
        return moment(at, self._zone, self._now)

    def _ago(self, at: datetime | None) -> str:
        return f"{after(at, self._now)} ago" if at else "never"

    def _mailbox(self, one: Mapping[str, Any]) -> str:
        word = {"no_source": "mail is handed in", "stopped": "nobody reads it now"}.get(one["state"], one["state"])
        if one["state"] in ("failing", "waiting") and one["failing_since"]:
            word += f" since {self._at(one['failing_since'])}"
        looked = f"last look {self._ago(one['last_look'])}, last mail {self._ago(one['last_mail'])}"
        lag = f", lag {one['lag_s']:.1f} s" if one["lag_s"] is not None else ""
        room = f", {one['quota']:.0%} of its room used" if one["quota"] is not None else ""
        tried = f", last try {self._ago(one['failed_at'])} failed" if one["failed_at"] else ""
        error = f": {one['error']}" if tried or one["state"] in ("failing", "waiting") else ""
        return f"{word}{self._by(one)}; {looked}{lag}{room}{tried}{error}" if one["source"] else word

    def _by(self, one: Mapping[str, Any]) -> str:
        """Which daemon works it, where there are several."""
        several = sum(each["alive"] for each in self._data["daemons"]) > 1
        return f" by {one['daemon']['host']} (pid {one['daemon']['pid']})" if several and one["daemon"] else ""

    def _journal(self, one: Mapping[str, Any]) -> str:
        oldest = f", the oldest for {after(one['oldest'], self._now)}" if one["oldest"] else ""
        waiting = counted(one["undecided"], "mail waits for its decision", "mails wait for their decision")
        return f"{waiting}{oldest}"

    def _outbox(self, one: Mapping[str, Any]) -> str:
        held = f", {one['held']} held by a limit{named(one['held_of'])}" if one["held"] else ""
        held += "".join(
            f", {each['mails']} wait for the relay of {each['mailbox']} ({each['error'] or each['reason']})"
            for each in one["relays"]
        )
        oldest = f", the oldest for {after(one['oldest_pending'], self._now)}" if one["oldest_pending"] else ""
        ended = ("sent", "failed", "suppressed", "expired", "uncertain", "bounced")
        week = ", ".join(f"{one[state]} {state}" for state in ended if one[state]) or "nothing"
        return f"{one['pending']} pending{held}{oldest}, {one['sending']} sending; in seven days {week}"

    def _breaker(self, one: Mapping[str, Any]) -> str:
        return f"open since {self._at(one['since'])}" if one["open"] else "closed"

    def _audit(self, one: Mapping[str, Any] | None) -> str:
        if one is None:
            return "the daemon has not looked through the store yet"
        found = f" ({in_words(one['found'])})" if one["found"] else ""
        new = f"{one['mails']} mails since the look before" if one["before"] else f"{one['mails']} mails"
        took = f"in {one['took_s']:.1f} s, {new}"
        return f"looked through {self._ago(one['at'])} {took}: {one['doubled']} doubled, {one['stuck']} stuck{found}"

    def _recipients(self) -> Iterator[str]:
        """No need of a person, but a hint: candidates for an alias (B4)."""
        for one in self._data["mailboxes"]:
            strangers = one["unregistered"]
            if strangers["mails"]:
                seen = ", ".join(f"{each['address']} ({each['mails']})" for each in strangers["addresses"])
                named = f": {seen}" if seen else "; no recipient in them can be read"
                text = f"{counted(strangers['mails'], 'mail')} in seven days to addresses it does not have{named}"
                cure = "if one of them is yours, add it to `aliases` of the mailbox" if seen else _UNREADABLE
                yield f"ok  {safe('recipients of ' + one['mailbox']):<20} {safe(text)}"
                yield f"    {'':<20} → {cure}"

    def _configuration(self, one: Mapping[str, Any]) -> str:
        return f"{one['file']}, policy {one['policy']}" if one["policy"] else str(one["file"])

    def _disk(self) -> list[str]:
        living = [one for one in self._data["daemons"] if one["alive"] and one["disk_free"] is not None]
        return [f"{amount(one['disk_free'])} free on {one['host']}" for one in living]
