"""What stands above and below a case's life: its facts, and what belongs to it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from mailcase.cli.output import padded, safe, safe_lines, say
from mailcase.cli.when import after, amount, moment

_LEFT: Final = 66  # columns before what stands at the right
_LABEL: Final = 9
_LINKS: Final = (
    ("parent", "parent"), ("children", "children"), ("merged into", "merged_into"), ("merged", "merged_from"),
    ("followers", "followers"), ("article", "article"),
)  # fmt: skip


def print_head(case: Mapping[str, Any], addresses: Mapping[str, str], zone: tzinfo, now: datetime) -> None:
    """Title, people, dates and what it led to; arguments as `print_case`."""
    state = " · ".join(safe(one) for one in (status_of(case), case["priority"], case["category"]))
    level = f" (support level {case['support_level']})" if case.get("support_level") else ""
    _two(f"{case['number']}  {safe(case['title'])}{level}", state)
    customer = ", ".join(safe(one) for one in (case["contact"], case["account"]) if one) or "–"
    _two(
        f"customer  {customer}",
        f"assignee {safe(case['assignee'] or '–')}    group {safe(case['assignee_group'] or '–')}",
    )
    last = max((one["received_at"] for one in case["messages"]), default=None)
    _two(
        f"opened    {moment(case['created_at'], zone, now)} {_way(case, addresses)}",
        f"last mail {moment(last, zone, now)}",
    )
    if case["closing_reason"]:
        say(f"closed    {safe(case['closing_reason'])}")
    for line in _dates(case, zone, now):
        say(line)
    for line in _links(case):
        say(line)


def status_of(case: Mapping[str, Any]) -> str:
    """Its status; that of a case that an act suspended may be the one of cases that wait for their customer."""
    return f"{case['status']} (suspended)" if case.get("suspended") else str(case["status"])


def _two(left: str, right: str) -> None:
    say(f"{padded(left, _LEFT)}  {right}".rstrip())


def _way(case: Mapping[str, Any], addresses: Mapping[str, str]) -> str:
    """By mail to an address of ours, or by hand."""
    made = next((one["data"] or {} for one in case["events"] if one["event"] == "created"), {})
    if made.get("by"):
        return f"by {safe(made['by'])} ({safe(case['source'])})"
    return f"by mail to {safe(addresses.get(case['mailbox'], case['mailbox']))}"


def _dates(case: Mapping[str, Any], zone: tzinfo, now: datetime) -> Iterator[str]:
    if expected := case.get("expected_at"):
        yield f"expected  {moment(expected, zone, now)}"
    for label, key in (("answered", "first_response_at"), ("resolved", "resolved_at"), ("ended", "closed_at")):
        if at := case.get(key):
            yield f"{label:<{_LABEL}} {moment(at, zone, now)}, after {after(case['created_at'], at)}"
    if case.get("solution"):
        first, *rest = safe_lines(case["solution"].strip())
        yield f"solution  {first}".rstrip()
        yield from (f"{'':<{_LABEL}} {line}".rstrip() for line in rest)


def _links(case: Mapping[str, Any]) -> Iterator[str]:
    for label, key in _LINKS:
        if found := case.get(key):
            text = ", ".join(map(safe, found)) if isinstance(found, list) else safe(found)
            yield f"{label:<{_LABEL}} {text}"


def print_tail(case: Mapping[str, Any], zone: tzinfo, now: datetime) -> None:
    """Tasks, files and related cases."""
    _block("tasks", [_task(one, zone, now) for one in case.get("tasks", ())])
    _block("files", [_file(one, zone, now) for one in case.get("files", ())])
    _block("related", [_related(one) for one in case["related"]])


def _block(label: str, lines: Sequence[str]) -> None:
    if lines:
        say()
    for place, line in enumerate(lines):
        say(f"{'' if place else label:<{_LABEL}} {line}".rstrip())


def _task(one: Mapping[str, Any], zone: tzinfo, now: datetime) -> str:
    due = f", due {moment(one['due_at'], zone, now)}" if one["due_at"] and one["state"] == "open" else ""
    who = f", for {safe(one['assignee'])}" if one["assignee"] else ""
    result = f": {safe(one['result'])}" if one["result"] else ""
    return f"{one['id']} {safe(one['title'])}  {safe(one['state'])}{who}{due}{result}"


def _file(one: Mapping[str, Any], zone: tzinfo, now: datetime) -> str:
    return f"{one['id']} {safe(one['name'])} {amount(one['size'])}  {moment(one['at'], zone, now)}  {safe(one['by'])}"


def _related(one: Mapping[str, Any]) -> str:
    return f"{safe(one['number'])} {safe(one['relation']).replace('_', ' ')} ({', '.join(_shared(one))})"


def _shared(one: Mapping[str, Any]) -> list[str]:
    """What is known of a related case: `same contact, Incident, open`."""
    status = "open" if one["kind"] in ("active", "paused") else safe(one["status"])
    return [*([f"same {one['same']}"] if one["same"] else []), safe(one["category"]), status]
