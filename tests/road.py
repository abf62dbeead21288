"""The road of one mail without servers: read, decided in two worlds, answered, shown; and what must hold on it.

Shared by the hostile mails (tests/hostile.py) and by the fuzzer (soak/fuzz.py): whatever the bytes are, nothing
raises, no text that goes to the store could be refused by one, and what would leave is exactly ours (P5, R7).
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

from mailcase.actions import NEW, QueueMail
from mailcase.bench import Bench
from mailcase.cli.explained import explained
from mailcase.cli.render_message import print_message
from mailcase.intake.parse import read
from mailcase.junk import header_rules
from mailcase.message import Delivery, Email
from mailcase.outbox import guard
from mailcase.outbox.compose import Composer
from mailcase.outbox.mime import envelope
from mailcase.policy import Limit
from mailcase.ports import CaseFacts, Composed, OutboxMail
from mailcase.shipped import FOLDER
from mailcase.snapshot import Lookup, Snapshot
from mailcase.template_files import load_templates
from mailcase.verdict import Decision
from tests.builders import NOW, make_acknowledge, make_delivery, make_junk, make_mailbox, make_policy
from tests.hostile.evasion import BLACKLIST
from tests.worlds import busy

#: What no store need take: NUL, lone surrogates, C0 controls but tab and newline, DEL and C1.
DIRT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
#: The header fields that an acknowledgement may have, and no other.
OURS: Final = frozenset(
    """from to subject date message-id mime-version content-type content-transfer-encoding in-reply-to references
    reply-to auto-submitted x-auto-response-suppress x-helpdesk-loop""".split()  # noqa: SIM905  reads better so
)


class Broken(AssertionError):
    """Something that must hold for any bytes does not."""


@dataclass(frozen=True)
class Walked:
    """What became of a mail: the mail as read, the decisions, and the mails that would leave."""

    email: Email
    decisions: tuple[Decision, ...]
    leaving: tuple[bytes, ...]
    shown: str  # as `explain` shows it to a person


def make_bench() -> Bench:
    """The shipped rules with a mailbox that signs, a blacklist, a header rule and a trusted server."""
    often = Limit(100_000, timedelta(hours=1))
    rule = header_rules.compile(name="X-Spam-Flag", matches="^YES$", reason="spam_header")
    policy = make_policy(
        make_mailbox(from_name="Help desk", sub_addressing=True),
        junk=make_junk(blacklist=BLACKLIST, header_rules=(rule,)),
        acknowledge=make_acknowledge(reopened=True, per_address=often, per_domain=often, total=often),
        trusted_authserv_ids=frozenset({"mx.helpdesk.example"}),
    )
    return Bench(policy, Composer(policy, load_templates(FOLDER / "templates")))


def walk(raw: bytes, bench: Bench) -> Walked:
    """The whole road; raises Broken, or whatever a part of the product raises."""
    return follow(read(raw), bench)


def follow(email: Email, bench: Bench) -> Walked:
    """The road behind the parser."""
    must_be_clean("the mail", email)
    delivery = make_delivery()
    lookup = bench.look(email, delivery)
    must_be_clean("what is asked", lookup)
    decisions, leaving, shown = [], [], ""
    for snapshot in (Snapshot(lookup, NOW), busy(lookup, NOW, email)):
        decision = bench.decide(email, snapshot, delivery)
        must_be_clean("the decision", decision)
        if bench.decide(email, snapshot, delivery) != decision:
            raise Broken("decided twice, and not the same")
        decisions.append(decision)
        leaving += [answered(one, bench, email, lookup) for one in decision.actions if isinstance(one, QueueMail)]
        shown = show(email, decision, snapshot, delivery, bench)
    return Walked(email, tuple(decisions), tuple(one for one in leaving if one), shown)


def must_be_clean(what: str, value: object) -> None:
    """Raise Broken where a text in it could be refused by a store (F38)."""
    for text in texts(value):
        if found := DIRT.search(text):
            raise Broken(f"{what} has U+{ord(found[0]):04X} in {text[max(0, found.start() - 20) :][:60]!r}")


def texts(value: object) -> Iterator[str]:
    """Every text in a value, however deep."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
        elif is_dataclass(one):
            todo += [getattr(one, each.name) for each in fields(one)]
        elif isinstance(one, Mapping):
            todo += chain(one.keys(), one.values())
        elif isinstance(one, (tuple, list, frozenset, set)):
            todo += one


def answered(mail: QueueMail, bench: Bench, email: Email, lookup: Lookup) -> bytes:
    """The answer as it would leave; b"" where it is suppressed. Raises Broken where it is not exactly ours."""
    running = 7 if mail.case == NEW else mail.case
    facts = CaseFacts(bench.number(running), running, "A title", "New", "Incident", "Medium", NOW)
    made = bench.compose(mail, facts, email, lookup.group)
    must_be_clean("the answer", made)
    if mail.suppressed:
        return b""
    row = outbox_mail(mail, made, lookup.group)
    ready = envelope(row, null_sender=True)
    guard.check(row, ready)
    must_be_ours(ready.data, ready.recipients, mail)
    return ready.data


def must_be_ours(data: bytes, recipients: tuple[str, ...], mail: QueueMail) -> None:
    """Exactly our header set, one recipient, no copy (F30); read from the bytes by other means than the guard's."""
    names = [line.partition(b":")[0].lower().decode() for line in header_lines(data)]
    if wrong := [one for one in names if one not in OURS] or [one for one in OURS if names.count(one) > 1]:
        raise Broken(f"headers that are not ours, or twice: {wrong}")
    if len(recipients) != 1 + len(mail.cc) or b"\nbcc:" in data.partition(b"\r\n\r\n")[0].lower():
        raise Broken(f"recipients {recipients}")


def header_lines(data: bytes) -> list[bytes]:
    """The header's fields, unfolded."""
    return re.sub(rb"\r\n(?=[ \t])", b"", data.partition(b"\r\n\r\n")[0]).split(b"\r\n")


def outbox_mail(mail: QueueMail, made: Composed, group: str) -> OutboxMail:
    """The row as the drain would read it."""
    return OutboxMail(
        id=1, kind=mail.rule, mailbox=mail.mailbox, group=group, case="SR-7", to=mail.to, to_name=mail.to_name,
        cc=mail.cc, subject=made.subject, text=made.text, html=made.html, headers=made.headers,
        from_name=made.from_name, from_address=made.from_address, message_id=made.message_id, automatic=True,
        attempts=1, created_at=NOW, expires_at=mail.expires_at,
    )  # fmt: skip


def show(email: Email, decision: Decision, snapshot: Snapshot, delivery: Delivery, bench: Bench) -> str:
    """`explain` for a person and as JSON; both must be writable as UTF-8, and send no control to the terminal."""
    told = explained(email, decision, snapshot, delivery, bench.policy)
    json.dumps(told, default=str, ensure_ascii=False).encode()
    told["trace"] = [{**one, "evidence": str(one["evidence"])} for one in told["trace"]]
    page = rendered(told)
    if found := DIRT.search(page):
        raise Broken(f"a terminal would get U+{ord(found[0]):04X}")
    return page


def rendered(told: Mapping[str, Any], now: datetime = NOW) -> str:
    """What `message show` prints."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out):
        print_message(told, UTC, now)
        out.flush()
        return out.buffer.getvalue().decode()


def without_answers(bench: Bench) -> Bench:
    """The same rules with acknowledgements switched off."""
    policy = replace(bench.policy, acknowledge=make_acknowledge(created=False, followed=False))
    return Bench(policy, bench.composer)
