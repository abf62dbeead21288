"""Acts on a case in words: what changed from what to what, and what was written."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from mailcase.cli.output import safe, safe_lines
from mailcase.cli.when import after, amount, moment

Data = Mapping[str, Any]
_NONE: Final = "–"
#: Events whose name alone does not say it, by what `from` and `to` are of.
_OF: Final = {
    "status_set": "status",
    "assignee_set": "assignee",
    "reopened": "status",
    "escalated": "support level",
    "expected": "expected completion",
}
#: What stands below the line, as it was written.
_WRITTEN: Final = ("text", "question", "solution", "result", "reason")
_INDENT: Final = " " * 6


def said(event: Mapping[str, Any], zone: tzinfo, now: datetime) -> str:
    """An event in one line: `start: status New → In progress`; one that nobody knows by its name and data."""
    name, data = str(event["event"]), event["data"] or {}
    if name in _SENTENCES:
        return _SENTENCES[name](data, event["actor"] or "")
    rest = {key: value for key, value in data.items() if key not in ("from", "to", "act", *_WRITTEN)}
    act = f"{_words(data['act'])}: " if data.get("act") else ""
    of = _OF.get(name, _words(name))
    change = f" {_value(data['from'], zone, now)} → {_value(data['to'], zone, now)}" if _is_change(data) else ""
    if not _is_change(data):
        rest = {key: value for key, value in data.items() if key not in ("act", *_WRITTEN)}
    more = [_pair(key, value, zone, now) for key, value in rest.items() if value not in _NOTHING]
    return ", ".join((f"{act}{of}{change}", *more))


_NOTHING: Final[tuple[object, ...]] = (None, "", [], False)


def written(event: Mapping[str, Any]) -> list[str]:
    """What was written with it, line by line."""
    data = event["data"] or {}
    texts = [data[key] for key in _WRITTEN if isinstance(data.get(key), str) and data[key]]
    return [f"{_INDENT}{line}".rstrip() for text in texts for line in safe_lines(text.strip())]


def _pair(key: str, value: object, zone: tzinfo, now: datetime) -> str:
    """`assignee cleared True`; `waited_s` is a length of time."""
    if key.endswith("_s") and isinstance(value, int):
        return f"{_words(key.removesuffix('_s'))} {after(now, now + timedelta(seconds=value))}"
    return _words(key) if value is True else f"{_words(key)} {_value(value, zone, now)}"


def _is_change(data: Data) -> bool:
    return "from" in data and "to" in data


def _words(text: object) -> str:
    return safe(text).replace("_", " ").replace("-", " ")


def _value(value: object, zone: tzinfo, now: datetime) -> str:
    """A value as people read it: moments in their zone, – for none."""
    if value in (None, ""):
        return _NONE
    text = safe(value)
    if not isinstance(value, str) or "T" not in value:
        return text
    try:
        return moment(datetime.fromisoformat(value), zone, now)
    except ValueError:
        return text


def _changed(data: Data, *pairs: tuple[str, str, str]) -> str:
    """Only those that changed: (what, key before, key after)."""
    return ", ".join(
        f"{what} {safe(data.get(one) or _NONE)} → {safe(data.get(other) or _NONE)}"
        for what, one, other in pairs
        if data.get(one) != data.get(other)
    )


def _contact(data: Data, _actor: str) -> str:
    changed = _changed(data, ("contact", "from", "to"), ("account", "from_account", "to_account"))
    return changed or f"contact {safe(data.get('to') or _NONE)}"


def _assigned(data: Data, _actor: str) -> str:
    """The assignee, the group, or both."""
    changed = _changed(data, ("assignee", "from", "to"), ("group", "from_group", "to_group"))
    rule = f" (rule {safe(data['rule'])})" if data.get("rule") else ""
    return (changed or f"assigned to {safe(data.get('to') or _NONE)}") + rule


def _task(end: str) -> Callable[[Data, str], str]:
    def told(data: Data, _actor: str) -> str:
        to = f", for {safe(data['assignee'])}" if data.get("assignee") else ""
        return f"task {safe(data.get('task', ''))} {end}: {safe(data.get('title', ''))}{to}"

    return told


def _follower(verb: str, other: str) -> Callable[[Data, str], str]:
    def told(data: Data, actor: str) -> str:
        agent = safe(data.get("agent") or _NONE)
        return verb if agent == actor else f"{other} {agent}"

    return told


def _other_case(into: str, taken: str) -> Callable[[Data, str], str]:
    def told(data: Data, _actor: str) -> str:
        mail = f" (mail {safe(data['message'])})" if data.get("message") else ""
        if data.get("into"):
            return f"{into} {safe(data['into'])}{mail}"
        return f"{taken} {safe(data.get('from') or _NONE)}{mail}"

    return told


def _file(data: Data, _actor: str) -> str:
    size = f", {amount(data['size'])}" if isinstance(data.get("size"), int) else ""
    return f"file {safe(data.get('name', ''))}{size}"


def _by_hand(data: Data, _actor: str) -> str:
    return f"created by hand, {safe(data['source'])}" if data.get("source") else "created by hand"


def _edited(data: Data, _actor: str) -> str:
    """Of a description no more than that: it stands in the case."""
    title = _changed(data, ("title", "from_title", "title"))
    return ", ".join(one for one in (title, "description changed" if "description" in data else "") if one)


_SENTENCES: Final[dict[str, Callable[[Data, str], str]]] = {
    "assigned": _assigned,
    "contact": _contact,
    "edited": _edited,
    "task_created": _task("created"),
    "task_finished": _task("finished"),
    "task_cancelled": _task("cancelled"),
    "followed": _follower("follows from now on", "followed from now on by"),
    "unfollowed": _follower("follows no longer", "followed no longer by"),
    "merged": _other_case("merged into", "took in"),
    "split": _other_case("split off as", "split off from"),
    "file_attached": _file,
    "created": _by_hand,
}
