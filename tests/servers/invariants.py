"""The promises P1 to P3, P5 and P6 as one checker over server, store and SMTP sink, for tests that break something."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from mailcase.soundness import BY_WORD
from tests.servers.desk import Desk
from tests.servers.promises import ACKNOWLEDGES, explained, to_whom
from tests.servers.scene import Box, Facts, Scene, header_of, in_folder, message_id, moved_from, name_of, seen_in

__all__ = ["Box", "Scene", "desk_scene", "findings", "message_id", "must_hold"]

_NEW_CASE = frozenset({"created", "followed", "junk_case"})
_ENDED = frozenset({"sent", "failed", "suppressed", "expired", "uncertain", "bounced"})
_LEFT_THE_HOUSE = frozenset({"sent", "uncertain", "bounced"})
_STAYS = frozenset({"before_start", "oversize", "quarantined"})  # on the server, whatever `after` says
_FINE = _STAYS | {"decided", "moved_away"}


def desk_scene(desk: Desk, put: Collection[bytes | str], **over: Any) -> Scene:
    """The scene of a Desk with its one mailbox; `over`: fields of Box and Scene by name."""
    after = desk.config.read_text().split('after = "', 1)[1].split('"', 1)[0]
    common = {name: over.pop(name) for name in ("call", "may_wait", "url", "sinks") if name in over}
    box = Box(put, **{"shelf": desk.dovecot, "after": after, **over})
    usual: dict[str, Any] = {"url": f"sqlite:///{desk.dir}/mailcase.db", "sinks": (desk.sink,), "call": desk.call}
    return Scene(boxes=(box,), **(usual | common))


def must_hold(desk: Desk, put: Collection[bytes | str], **over: Any) -> None:
    """AssertionError with every finding of a Desk's scene, and the end of its log."""
    if found := findings(desk_scene(desk, put, **over)):
        log = desk.dir / "daemon.log"
        tail = log.read_text()[-2000:] if log.exists() else ""
        raise AssertionError("\n".join([*found[:40], tail]))


def findings(scene: Scene) -> list[str]:
    """What does not hold, a readable line each; empty is good."""
    facts = Facts.read(scene)
    found = [line for box in scene.boxes for line in (*_arrived(facts, box), *_told(facts, box))]
    found += _single(facts)
    found += _outbox(facts, scene)
    found += _audit(facts, scene)
    found += explained(facts)
    if scene.sinks:
        found += _left(facts, scene)
        found += to_whom(facts, scene)
    if scene.call:
        vanished = {box.name: any(one.vanished for one in scene.boxes if one.name == box.name) for box in scene.boxes}
        found += [line for name in vanished for line in _audited(scene.call, name, vanished=vanished[name])]
    return found


# P1: nothing is lost


def _arrived(facts: Facts, box: Box) -> Iterator[str]:
    """Each mail has an outcome, or waits, or stands in quarantine with its bytes."""
    known = facts.by_box.get(box.name, {})
    for name, times in Counter(map(name_of, box.put)).items():
        rows = known.get(name, [])
        if len(rows) < times and name not in box.vanished:
            yield f"{box.name}: {name} was put on the server {times} times and is in the store {len(rows)} times"
        for row in rows:
            if row.raw_sha256 not in facts.raws:
                yield f"{box.name}: {name}: delivery {row.id} ({row.outcome}) has no raw bytes"
            if row.outcome not in (None, "quarantined", "ignored") and row.message_pk is None:
                yield f"{box.name}: {name}: delivery {row.id} is {row.outcome} without a message"


def _told(facts: Facts, box: Box) -> Iterator[str]:
    """The server holds what `after` says, as often as it was put there."""
    if box.shelf is None:
        return
    known = facts.by_box.get(box.name, {})
    lying, moved = Counter(map(message_id, in_folder(box))), Counter(map(message_id, moved_from(box)))
    seen = Counter(seen_in(box)) if box.after == "seen" else lying
    for name, times in Counter(map(name_of, box.put)).items():
        rows = known.get(name, [])
        if name in box.vanished or any(_stays(row) for row in rows):
            continue
        takes_away = box.after == "delete" or box.after.startswith("move:")
        if lying[name] and takes_away and rows:
            yield f"{box.name}: {name} still lies in {box.folder} although after = {box.after}"
        if lying[name] < times and not takes_away:
            yield f"{box.name}: {name} vanished from {box.folder} although after = {box.after}"
        if seen[name] < lying[name]:
            yield f"{box.name}: {name} is marked as seen {seen[name]} times of {lying[name]}"
        if box.after.startswith("move:") and rows and not times <= moved[name] <= box.copies * times:
            yield f"{box.name}: {name} lies {moved[name]} times in {box.after}, not {times}"


def _stays(row: Any) -> bool:
    return row.outcome in (None, "quarantined") or row.oversize or row.reason == "before_start"


# P2: nothing is doubled


def _single(facts: Facts) -> Iterator[str]:
    inbound = [row for row in facts.messages if row.direction == "in"]
    by_id = {row.id: row for row in facts.messages}
    yield from _twice("message", ((m.group_name, m.message_id, m.date_key) for m in inbound if m.message_id))
    yield from _twice("message identity", ((row.group_name, row.identity) for row in facts.messages))
    yield from _twice("case of one message", (row.origin_pk for row in facts.cases if row.origin_pk is not None))
    origins = [by_id[row.origin_pk] for row in facts.cases if row.origin_pk in by_id]
    yield from _twice("case of one mail", ((m.group_name, m.message_id, m.date_key) for m in origins if m.message_id))
    yield from _twice("case number", (row.number for row in facts.cases))
    yield from _twice("link", ((row.case_id, row.message_pk) for row in facts.links))
    new = [row for row in facts.deliveries if row.outcome in _NEW_CASE and row.message_id]
    yield from _twice("delivery that made a case", ((row.group_name, row.message_pk) for row in new))
    linked = {row.case_id for row in facts.links}
    yield from (f"case {row.number} has no mail" for row in facts.cases if row.running not in linked)
    pairs = {(row.case_id, row.message_pk) for row in facts.links}
    for row in new:
        if (row.case_id, row.message_pk) not in pairs:
            yield f"delivery {row.id} is {row.outcome} and its message is not linked to its case {row.case_id}"


def _twice(what: str, keys: Iterable[object]) -> Iterator[str]:
    yield from (f"{count} times the same {what}: {key}" for key, count in Counter(keys).items() if count > 1)


# P3: nobody is answered twice


def _outbox(facts: Facts, scene: Scene) -> Iterator[str]:
    acks = [row for row in facts.outbox if row.kind in ACKNOWLEDGES]
    yield from _twice("acknowledged mail", ((row.group_name, row.in_reply_to) for row in acks if row.in_reply_to))
    mails = ((row, facts.answered.get(row.delivery_id)) for row in acks)  # they count without a Message-ID, too
    yield from _twice("acknowledged message", ((row.group_name, mail.id) for row, mail in mails if mail is not None))
    yield from _twice("outbox mark", (row.dedup for row in facts.outbox))
    for row in facts.outbox:
        held = row.state == "pending" and row.reason  # by a limit, the breaker or a relay
        if row.state not in _ENDED and not held and not scene.may_wait:
            yield f"outbox row {row.id} to {row.to} ended as {row.state} {row.reason} after {row.attempts} tries"
    if not scene.may_wait:
        for row in facts.deliveries:
            if row.outcome is None:
                yield f"{row.mailbox}: delivery {row.id} has no outcome ({row.error})"


def _left(facts: Facts, scene: Scene) -> Iterator[str]:
    """What the relays were given against the outbox and against what the mails themselves say."""
    rows = {row.message_id: row for row in facts.outbox if row.message_id}
    raws = [raw for box in scene.boxes for raw in box.put if isinstance(raw, bytes)]
    automatic = {message_id(raw) for raw in raws if _robot(raw)} - {message_id(raw) for raw in raws if not _robot(raw)}
    left: Counter[str] = Counter()
    for mail in (mail for sink in scene.sinks for mail in sink.mails):
        header = header_of(mail.data)
        own, answers = str(header["Message-ID"]), str(header["In-Reply-To"] or "")
        left[own] += 1
        row = rows.get(own)
        if row is None or row.state not in _LEFT_THE_HOUSE:
            yield f"{own} to {mail.recipients} left, and its outbox row is {row.state if row else 'not there'}"
        if row is not None and row.automatic and answers in automatic:
            yield f"{answers} is automatic and was answered by {own}"
        origin = facts.answered.get(row.delivery_id) if row is not None else None
        if row is not None and row.kind in ACKNOWLEDGES and (origin is None or origin.kind != "person"):
            yield f"{own} acknowledges {answers}, which is {origin and origin.kind}, no person's"
    for own, row in rows.items():
        if row.automatic and left[own] > 1:
            yield f"{own} to {row.to} left {left[own]} times"
        if row.state == "sent" and not left[own]:
            yield f"{own} to {row.to} is said to be sent and never arrived"


def _robot(raw: bytes) -> bool:
    """The plainest marks of RFC 3834, read without the product's rules."""
    header = header_of(raw)
    marked = str(header["Auto-Submitted"] or "no").partition(";")[0].strip().lower() != "no"
    return marked or "List-Id" in header or str(header["Return-Path"] or "").strip() == "<>"


def _audit(facts: Facts, scene: Scene) -> Iterator[str]:
    """What `mailcase audit --store` finds: nothing doubled; nothing stuck, but for quarantine and what may wait."""
    for one in facts.audit:
        if BY_WORD[one.word].kind == "doubled" or not (scene.may_wait or one.word == "quarantined"):
            yield f"audit says {one.word} of {one.messages or one.outbox} in {one.mailbox}: {one.cases} {one.detail}"


def _audited(
    call: "Callable[..., subprocess.CompletedProcess[bytes]]", mailbox: str, *, vanished: bool
) -> Iterator[str]:
    """What `mailcase audit MAILBOX` finds of all of its folders."""
    done = call("--json", "audit", mailbox)
    if done.returncode not in (0, 1) or not done.stdout:
        yield f"{mailbox}: audit ended with {done.returncode}: {done.stderr.decode()[-500:]}"
        return
    for folder in json.loads(done.stdout)["folders"]:
        for line in folder["differences"]:
            allowed = _FINE | ({"gone"} if vanished else set())
            if line["state"] not in allowed:
                yield f"{mailbox}: audit says {line['state']} of {line['key']} in {folder['folder']}"
