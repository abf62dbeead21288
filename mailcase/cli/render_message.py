"""`message show` and `explain` for people: the mail, its parts, and why it went where it went."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from mailcase.cli.output import safe, safe_lines, say
from mailcase.cli.render_trace import headline, trace_lines
from mailcase.cli.when import amount, moment

_MOST_LINES = 1_000  # of the text: more is no letter any more
GONE = "erased at the person's request: nothing of its content is left"
_QUOTED = "│ "  # before each line of quotation and signature


def print_message(mail: Mapping[str, Any], zone: tzinfo, now: datetime) -> None:
    """One delivery, ending with the verdict and its trace."""
    say(f"{_title(mail)}  {safe(mail['subject'] or '(no subject)')}")
    for name, value in _head(mail, zone, now):
        say(f"{name:<9} {value}".rstrip())
    for one in mail["attachments"]:
        say(f"{'part':<9} {_part(one)}")
    say()
    if mail.get("erased"):
        say(headline(mail))
        say(f"  {safe(GONE)}")
        return
    _print_text(mail["text"] or "", mail.get("new_text") or "")
    say(headline(mail))
    for one, line in zip(mail["trace"], trace_lines(mail["trace"]), strict=True):
        say(line + (_left(mail.get("outbox")) if one["test"] == "acknowledge" else ""))


def _left(row: Mapping[str, Any] | None) -> str:
    """What became of the acknowledgement: that it was decided on is not that it arrived."""
    if row is None:
        return ""
    error = f": {' '.join(row['last_error'].split())}" if row["last_error"] else ""
    return " · " + safe(f"{row['state']}{error}, outbox {row['id']}")


def _title(mail: Mapping[str, Any]) -> str:
    return "mail" if mail.get("would") else f"mail {mail['id']}"


def _head(mail: Mapping[str, Any], zone: tzinfo, now: datetime) -> list[tuple[str, str]]:
    place = " · ".join(
        safe(part)
        for part in (mail["mailbox"], mail["folder"], f"uid {mail['uid']}" if mail["uid"] is not None else "")
        if part
    )
    date = f"{moment(mail['date'], zone, now)}, received {moment(mail['received_at'], zone, now)}"
    rows = [
        ("from", safe(mail["from"] or "–") + ("  (unverified)" if mail["sender_unverified"] else "")),
        ("to", safe(mail["to"] or "–")),
        ("date", date),
        ("mailbox", place),
        ("kind", str(mail["kind"] or "–").replace("_", " ")),
    ]
    if mail.get("oversize"):
        rows.append(("oversize", _oversize(mail)))
    if len(mail["cases"]) > 1:
        rows.append(("cases", safe(", ".join(mail["cases"]))))
    if mail.get("raw_purged_at"):
        texts = "" if mail.get("erased") else "; the texts stay"
        rows.append(("raw mail", f"removed {moment(mail['raw_purged_at'], zone, now)}{texts}"))
    return rows


def _oversize(mail: Mapping[str, Any]) -> str:
    size = mail.get("server_size")
    whole = f"{amount(size)} on the server, " if size else ""
    place = f"mailbox {mail['mailbox']}, folder {mail['folder']}, uid {mail['uid']}"
    return f"{whole}only the beginning was taken; the rest lies in {safe(place)}"


def _part(one: Mapping[str, Any]) -> str:
    inline = ", inline" if one["inline"] else ""
    refused = f", not offered: {one['reason'].replace('_', ' ')}" if not one["allowed"] else ""
    size = amount(one["size"]) if one["size"] is not None else "size unknown"
    if not one.get("taken", True):
        size, refused = f"about {size}" if one["size"] is not None else size, ", left on the server"
    return f"{one['part']:<5} {safe(one['name'])}  {safe(one['type'])}, {size}{inline}{refused}"


def _print_text(text: str, new: str) -> None:
    """The whole text; quotation and signature are marked, line by line."""
    if not text.strip():
        return
    before, found, after = text.strip("\n").partition(new) if new else ("", text.strip("\n"), "")
    lines = [
        *(f"{_QUOTED}{line}" for line in safe_lines(before.strip("\n")) if before),
        *safe_lines(found),
        *(f"{_QUOTED}{line}" for line in safe_lines(after.strip("\n")) if after),
    ]
    for line in lines[:_MOST_LINES]:
        say(f"  {line}".rstrip())
    if len(lines) > _MOST_LINES:
        say(f"  … {len(lines) - _MOST_LINES} more lines: --json shows them all")
    say()
