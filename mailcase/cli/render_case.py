"""`case show` for people: a case reads like a thread — who, when, what, and why it is here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import parseaddr
from typing import Any, Final

from mailcase.cli.output import cut, padded, safe, say, width
from mailcase.cli.render_head import print_head, print_tail
from mailcase.cli.render_life import said, written
from mailcase.cli.render_trace import winner
from mailcase.cli.when import after, amount, moment
from mailcase.verdict import BY_AGENT

_LEFT: Final = 80  # columns before the files of a mail
_NAME: Final = 24
_EXCERPT: Final = 100
_NOT_SHOWN: Final = (">", "[ref:")  # what is quoted, and the mark by which an answer finds the case
#: What is to be known of an agent's mail, rather than how it found the case.
_BY_AGENT: Final = dict(
    zip(BY_AGENT, ("by an agent, who answers a notice", "an agent's address, unverified"), strict=True)
)
_RULES: Final = {"registration": "acknowledgement", "followed": "acknowledgement", "reopened": "acknowledgement"}
Traces = Mapping[int, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing that happened to the case."""

    order: tuple[datetime, float]  # when the store knew it; of one moment, its place
    mark: str
    who: str
    shown_at: datetime
    what: str
    right: str = ""
    below: tuple[str, ...] = ()


def print_case(
    case: Mapping[str, Any], traces: Traces, addresses: Mapping[str, str], zone: tzinfo, now: datetime
) -> None:
    """One case: what it is, its life in order, and what belongs to it.

    Args:
        case: as `case show` of contract.md.
        traces: the trace of each incoming delivery, by its id.
        addresses: mailbox name -> its address.
        zone: of the times shown.
        now: this moment, aware.
    """
    print_head(case, addresses, zone, now)
    say()
    _print_life(case, traces, zone, now)
    print_tail(case, zone, now)


def _print_life(case: Mapping[str, Any], traces: Traces, zone: tzinfo, now: datetime) -> None:
    """Mails, acts and notices as they came; of one moment what came in, what was done, and what left because of it."""
    acted = _repliers(case)
    mails = list(_mails(case["messages"], traces, acted))
    came = {one.order[0]: one.order[1] for one in mails if one.mark.endswith("←")}
    entries = [*mails, *_acts(case["events"], acted, came, zone, now), *_notices(case.get("notices", ()))]
    entries.sort(key=lambda one: one.order)
    times = [moment(one.shown_at, zone, now) for one in entries]
    wide = max((width(one.who) for one in entries), default=0)
    late = max(map(width, times), default=0)
    for one, time in zip(entries, times, strict=True):
        head = f"{one.mark:>4}  {padded(one.who, wide)}   {padded(time, late)}   {one.what}"
        say(f"{padded(head, _LEFT)}  {one.right}".rstrip())
        for line in one.below:
            say(line)


def _repliers(case: Mapping[str, Any]) -> dict[int, str]:
    """Mail in the thread -> the agent whose act it was."""
    here = {one.get("message") for one in case["messages"]}
    replies = [
        one for one in case["events"] if one["event"] == "replied" and (one["data"] or {}).get("message") in here
    ]
    return {one["data"]["message"]: safe(one["actor"]) for one in replies}


def _mails(mails: Sequence[Mapping[str, Any]], traces: Traces, acted: Mapping[int, str]) -> Iterator[_Entry]:
    for number, mail in enumerate(mails, 1):
        files = ", ".join(_file(one) for one in mail["attachments"] if not one["inline"])
        by = acted.get(mail.get("message", 0), "")
        excerpt = _excerpt(mail) if "rule" not in mail or by else ""
        why = _why(mail, traces) + (f" · by {by}" if by else "")
        below = tuple(f"      {line}" for line in (excerpt, why) if line)
        at, arrow = mail["received_at"], "→" if mail["direction"] == "out" else "←"
        who, what = cut(_name(mail), _NAME), safe(mail["subject"] or "")
        order = (mail.get("stored_at") or at, float(number))
        yield _Entry(order, f"{number:>2} {arrow}", who, at, what, files, below)


def _acts(
    events: Sequence[Mapping[str, Any]],
    acted: Mapping[int, str],
    came: Mapping[datetime, float],
    zone: tzinfo,
    now: datetime,
) -> Iterator[_Entry]:
    """What people did, and what a mail alone does not tell; `came`: the last mail in of a moment, by its number."""
    for one in events:
        data = one["data"] or {}
        shown_by_mail = one["event"] == "replied" and data.get("message") in acted
        made_by_mail = one["event"] == "created" and "by" not in data
        if one["event"] == "mail" or shown_by_mail or made_by_mail:
            continue
        who = cut(safe(one["actor"] or "–"), _NAME)
        order = (one["at"], came.get(one["at"], 0) + 0.5)
        yield _Entry(order, "·", who, one["at"], said(one, zone, now), "", tuple(written(one)))


def _notices(notices: Sequence[Mapping[str, Any]]) -> Iterator[_Entry]:
    """Mails about the case that are not in its thread: to agents, and those that were kept back."""
    for one in notices:
        what = f"{_rule(one['kind'])} · {_state(one['state'], one['reason'], one['created_at'], one['sent_at'])}"
        order = (one["created_at"], float("inf"))
        more = f" +{len(one['cc'])}" if one.get("cc") else ""
        who = cut(safe(one["to"] or "–"), _NAME - len(more)) + more
        yield _Entry(order, "→", who, one["created_at"], what)


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
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith(_NOT_SHOWN)]
    more = f"  … quoted text: `message show {mail['id']}`" if new and mail["id"] is not None else ""
    return cut(safe(" ".join(lines)), _EXCERPT) + more


def _why(mail: Mapping[str, Any], traces: Traces) -> str:
    if mail["direction"] == "out":
        return _sent(mail)
    shown = f"shown here, acted on in {safe(mail['case'] or 'another case')}"
    how = {"shown": shown, "junk_case": "junk", "note": "kept as a note"}.get(mail["how"], mail["how"])
    if mail["reason"] in BY_AGENT:
        return f"{how} · {_BY_AGENT[mail['reason']]}"
    unverified = " · sender unverified" if mail["sender_unverified"] else ""
    return f"{how} · {winner(mail, traces.get(mail['id'], ()))}{unverified}".replace(" ·  ·", " ·")


def _sent(mail: Mapping[str, Any]) -> str:
    if "rule" not in mail:  # not of our outbox: written outside (B16)
        return f"reply · an agent's, found in {safe(mail['folder']) or 'a sent folder'}"
    return f"{_rule(mail['rule'])} · {_state(mail['state'], mail['state_reason'], mail['created_at'], mail['sent_at'])}"


def _rule(kind: str) -> str:
    return _RULES.get(kind) or safe(kind.replace("_", " ")) or "reply"


def _state(state: str, reason: str, created: datetime | None, sent: datetime | None) -> str:
    if state == "sent" and sent and created:
        return f"sent after {after(created, sent)}"
    return safe(state) + (f": {safe(reason.replace('_', ' '))}" if reason else "")
