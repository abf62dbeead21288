"""P5 (nothing goes to the wrong person) and P6 (everything decided can be explained) over store and SMTP sink."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from email.utils import getaddresses
from typing import Any, Final

from mailcase.outbox.wire import wire_address
from tests.servers.scene import Facts, Scene, header_of, message_id
from tests.servers.smtp import Received

#: A From that no two readers read differently: at most a name, and one address.
_PLAIN: Final = re.compile(r"[\w .]*<([\w.+-]+@[\w.-]+)>", re.ASCII)
#: Automatic mails that answer the mail of a delivery.
ACKNOWLEDGES: Final = frozenset({"registration", "followed", "reopened"})
_BY_HAND: Final = frozenset({"dropped"})  # a person's act without a test: his name explains it


# P5: nothing goes to the wrong person


def to_whom(facts: Facts, scene: Scene) -> Iterator[str]:
    """Each automatic mail at a relay has gone to the one person who wrote the mail that it answers.

    No scene has a mailbox that says `reply_to_is_sender`, where that would be the Reply-To.
    """
    rows = {row.message_id: row for row in facts.outbox if row.message_id}
    wrote = _wrote(scene)
    for mail in (mail for sink in scene.sinks for mail in sink.mails):
        header = header_of(mail.data)
        row = rows.get(str(header["Message-ID"]))
        if row is not None:
            yield from _shown(mail, row)
        if row is not None and row.automatic and row.kind in ACKNOWLEDGES:  # a notice answers no delivery
            found = [*_answers(row, facts.answered.get(row.delivery_id), str(header["In-Reply-To"] or ""), mail)]
            found += _written(wrote.get(row.in_reply_to or "", set()), mail)
            yield from (f"{row.message_id}: {line}" for line in found)


def _shown(mail: Received, row: Any) -> Iterator[str]:
    """The header names whom the envelope names, who is whom the outbox names, and nobody else."""
    header = header_of(mail.data)
    fields = [str(value) for name in ("To", "Cc", "Bcc") for value in header.get_all(name, [])]
    named = {address for _, address in getaddresses(fields)}
    wanted = {wire_address(one).text for one in (row.to, *row.cc)}
    if not named == wanted == set(mail.recipients) or len(mail.recipients) != len(wanted):
        yield f"{row.message_id} for {wanted} went to {mail.recipients} and names {named}"


def _answers(row: Any, origin: Any, in_reply_to: str, mail: Received) -> Iterator[str]:
    """By the store: the mail of the delivery that it is the answer to, and that mail's sender.

    A Message-ID that is not ASCII cannot be written into a header, so that mail's answer names none.
    """
    if origin is None:
        yield f"answers delivery {row.delivery_id}, which has no message"
        return
    named = row.in_reply_to or ""
    if in_reply_to != (named if named.isascii() else "") or in_reply_to not in ("", origin.message_id):
        yield f"answers {in_reply_to}, and the mail of its delivery is {origin.message_id}"
    customer = wire_address(origin.sender_address).text
    if {*mail.recipients} != {customer, *(wire_address(one).text for one in row.cc)}:
        yield f"went to {mail.recipients}, and {customer} wrote {origin.message_id}"


def _written(senders: set[str], mail: Received) -> Iterator[str]:
    """By the mails themselves, read without the product's rules."""
    if senders and mail.recipients[0].lower() not in senders:
        yield f"went to {mail.recipients}, and the mail that it answers is from {sorted(senders)}"


def _wrote(scene: Scene) -> dict[str, set[str]]:
    """Message-ID -> who wrote the mails of that name; none whose From may be read in two ways."""
    found: dict[str, set[str]] = defaultdict(set)
    unclear: set[str] = set()
    for raw in (raw for box in scene.boxes for raw in box.put if isinstance(raw, bytes)):
        values = [str(value) for value in header_of(raw).get_all("From", [])]
        plain = _PLAIN.fullmatch(values[0]) if len(values) == 1 else None
        if plain:
            found[message_id(raw)].add(plain[1].lower())
        else:
            unclear.add(message_id(raw))
    return {name: senders for name, senders in found.items() if name not in unclear}


# P6: everything decided can be explained


def explained(facts: Facts) -> Iterator[str]:
    """Each decided delivery's newest line of history says the same as the delivery, by tests that it names."""
    history: dict[int, list[Any]] = defaultdict(list)
    for line in facts.history:
        history[line.delivery_id].append(line)
    for row in facts.deliveries:
        found = _explained(row, history[row.id]) if row.outcome is not None else ()
        yield from (f"{row.mailbox}: delivery {row.id} ({row.outcome} {row.reason}) {line}" for line in found)


def _explained(row: Any, lines: list[Any]) -> Iterable[str]:
    if not lines:
        yield "has no line of history"
        return
    last = lines[-1]
    said, is_now = (last.outcome, last.reason, last.case_id), (row.outcome, row.reason, row.case_id)
    if said != is_now:
        yield f"is {is_now}, and its history ends with {said}"
    if not last.actor:
        yield "was decided by nobody"
    if row.reason not in _BY_HAND and not _tells(last.trace):
        yield f"has no trace that tells why: {last.trace}"
    if row.message_pk is not None and not row.policy_hash:
        yield "does not say by which rules"


def _tells(trace: Any) -> bool:
    return bool(trace) and all(one.get("test") and one.get("result") for one in trace)
