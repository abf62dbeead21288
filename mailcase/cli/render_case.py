"""`case show` for people: a case reads like a thread — who, when, what, and why it is here."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from email.utils import parseaddr
from typing import Any, Final

from mailcase.cli.output import cut, padded, safe, say, width
from mailcase.cli.render_trace import winner
from mailcase.cli.when import after, amount, moment

_LEFT: Final = 66  # columns before what stands at the right
_EXCERPT: Final = 100
_RULES: Final = {"registration": "acknowledgement", "followed": "acknowledgement", "reopened": "acknowledgement"}
#: Events that the thread above shows already.
_IN_THE_THREAD: Final = frozenset({"mail", "created", "reopened"})
Traces = Mapping[int, Sequence[Mapping[str, Any]]]


def print_case(
    case: Mapping[str, Any], traces: Traces, addresses: Mapping[str, str], zone: tzinfo, now: datetime
) -> None:
    """One case with its mails and related cases.

    Args:
        case: as `case show` of contract.md.
        traces: the trace of each incoming delivery, by its id.
        addresses: mailbox name -> its address.
        zone: of the times shown.
        now: this moment, aware.
    """
    state = " · ".join(safe(case[key]) for key in ("status", "priority", "category"))
    _two(f"{case['number']}  {safe(case['title'])}", state)
    customer = ", ".join(safe(one) for one in (case["contact"], case["account"]) if one) or "–"
    _two(
        f"customer  {customer}",
        f"assignee {safe(case['assignee'] or '–')}    group {safe(case['assignee_group'] or '–')}",
    )
    to = addresses.get(case["mailbox"], case["mailbox"])
    opened = f"opened    {moment(case['created_at'], zone, now)} by mail to {safe(to)}"
    last = max((_at(one) for one in case["messages"]), default=None)
    _two(opened, f"last mail {moment(last, zone, now)}")
    if case["closing_reason"]:
        say(f"closed    {safe(case['closing_reason'])}")
    say()
    _print_thread(case["messages"], traces, zone, now)
    _print_events(case["events"], zone, now)
    _print_related(case["related"])


def _two(left: str, right: str) -> None:
    say(f"{padded(left, _LEFT)}  {right}".rstrip())


def _at(mail: Mapping[str, Any]) -> datetime:
    at: datetime = mail["received_at"]
    return at


def _print_thread(mails: Sequence[Mapping[str, Any]], traces: Traces, zone: tzinfo, now: datetime) -> None:
    names = [cut(_name(one), 24) for one in mails]
    times = [moment(_at(one), zone, now) for one in mails]
    wide, late = max(map(width, names), default=0), max(map(width, times), default=0)
    for number, (mail, name, time) in enumerate(zip(mails, names, times, strict=True), 1):
        arrow = "→" if mail["direction"] == "out" else "←"
        head = f"{number:>2} {arrow}  {padded(name, wide)}   {padded(time, late)}   {safe(mail['subject'] or '')}"
        files = ", ".join(_file(one) for one in mail["attachments"] if not one["inline"])
        say(f"{padded(head, _LEFT + 14)}  {files}".rstrip())
        if "rule" not in mail and (excerpt := _excerpt(mail)):
            say(f"      {excerpt}")
        say(f"      {_why(mail, traces)}")


def _name(mail: Mapping[str, Any]) -> str:
    name, address = parseaddr(mail["from"] or "")
    return safe(name or address or mail["from"] or "–")


def _file(one: Mapping[str, Any]) -> str:
    size = amount(one["size"]) if one["size"] is not None else "?"
    return f"{safe(one['name'])} {size}" + ("" if one.get("taken", True) else " (on the server)")


def _excerpt(mail: Mapping[str, Any]) -> str:
    """The beginning of what was written, and where the quoted rest can be read."""
    new = mail.get("new_text") or ""
    text = new or mail["text"] or ""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith(">")]
    more = f"  … quoted text: `message show {mail['id']}`" if new and mail["id"] is not None else ""
    return cut(safe(" ".join(lines)), _EXCERPT) + more


def _why(mail: Mapping[str, Any], traces: Traces) -> str:
    if mail["direction"] == "out":
        return _sent(mail)
    shown = f"shown here, acted on in {safe(mail['case'])}"
    how = {"shown": shown, "junk_case": "junk"}.get(mail["how"], mail["how"])
    unverified = " · sender unverified" if mail["sender_unverified"] else ""
    return f"{how} · {winner(mail, traces.get(mail['id'], ()))}{unverified}".replace(" ·  ·", " ·")


def _sent(mail: Mapping[str, Any]) -> str:
    if "rule" not in mail:  # not of our outbox: written outside (B16)
        return f"reply · an agent's, found in {safe(mail['folder']) or 'a sent folder'}"
    rule = _RULES.get(mail["rule"], mail["rule"].replace("_", " ") or "reply")
    if mail["state"] == "sent" and mail["sent_at"] and mail["created_at"]:
        return f"{rule} · sent after {after(mail['created_at'], mail['sent_at'])}"
    reason = f": {mail['state_reason'].replace('_', ' ')}" if mail["state_reason"] else ""
    return f"{rule} · {safe(mail['state'])}{safe(reason)}"


def _print_events(events: Sequence[Mapping[str, Any]], zone: tzinfo, now: datetime) -> None:
    """What people did, and what a mail alone does not tell."""
    shown = [one for one in events if one["event"] not in _IN_THE_THREAD]
    if not shown:
        return
    say()
    for place, one in enumerate(shown):
        data = [f"{key} {safe(value)}" for key, value in (one["data"] or {}).items() if value not in (None, "", [])]
        who, what = safe(one["actor"] or "–"), safe(one["event"]).replace("_", " ")
        at = moment(one["at"], zone, now)
        say(f"{'history' if not place else '':<9} {at}  {who}  {what}  {', '.join(data)}".rstrip())


def _print_related(related: Sequence[Mapping[str, Any]]) -> None:
    if related:
        say()
    for place, one in enumerate(related):
        head = f"{safe(one['number'])} {safe(one['relation']).replace('_', ' ')}"
        say(f"{'related' if not place else '':<9} {head} ({', '.join(_shared(one))})")


def _shared(one: Mapping[str, Any]) -> list[str]:
    """What is known of a related case: `same contact, Incident, open`."""
    status = "open" if one["kind"] in ("active", "paused") else safe(one["status"])
    return [*([f"same {one['same']}"] if one["same"] else []), safe(one["category"]), status]
