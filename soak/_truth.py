"""What came of it against what was written: each thread one case with all of its mails and one acknowledgement."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from soak._letters import STAFF, Thread
from tests.servers.crew import Crew
from tests.servers.promises import ACKNOWLEDGES
from tests.servers.smtp import Received

_DELIVERIES: Final = """
    SELECT message_id, group_name, outcome, reason, case_id, mailbox || ' ' || linked_by || ' ' || decided_at
    FROM delivery ORDER BY id
"""
_OUTBOX: Final = "SELECT case_id, kind, state, automatic, audience, message_id, text, reason FROM outbox"
_CASES: Final = 'SELECT running, number FROM "case"'
_LEFT: Final = {"sent", "uncertain"}


def untrue(crew: Crew, threads: Sequence[Thread], mails: Sequence[Received]) -> list[str]:
    """What is not as the people know it, a line each."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for name, group, *row in crew.postgres.rows(_DELIVERIES):
        found[str(name), str(group)].append(row)
    numbers: dict[object, object] = {row[0]: row[1] for row in crew.postgres.rows(_CASES)}
    outbox: dict[object, list[Any]] = defaultdict(list)
    for case, *row in crew.postgres.rows(_OUTBOX):
        outbox[case].append(row)
    wrong, cases = list[str](), Counter[object]()
    for one in threads:
        case, lines = _decided(one, found)
        wrong += lines
        cases[case] += 1
        if case is not None:
            wrong += [
                f"{numbers.get(case)} ({one.mails[0]} of {one.group}): {line}" for line in _sent(one, outbox[case])
            ]
            wrong += _answered(one, outbox[case], mails) if one.agent else ()
    wrong += [f"{numbers.get(case)} is the case of {count} threads" for case, count in cases.items() if count > 1]
    wrong += [f"{number} is the case of nobody's mail" for case, number in numbers.items() if case not in cases]
    return wrong


def _decided(one: Thread, found: dict[tuple[str, str], list[Any]]) -> tuple[object, list[str]]:
    """The case of the thread: each mail was decided once, beside its copies, and all stand on the same one."""
    wrong, cases, made, all_rows = list[str](), set[object](), 0, list[Any]()
    for name in [*one.mails, *(name for name, _ in one.agent)]:
        rows = [row for row in found[name, one.group] if row[0] != "duplicate"]
        if len(rows) != 1:
            wrong.append(f"{name} of {one.group} was decided {len(rows)} times: {rows}")
        all_rows += rows
        made += sum(outcome == "created" for outcome, *_ in rows)
        cases |= {case for _, _, case, _ in rows}
        told = {(outcome, reason) for outcome, reason, *_ in rows}
        if name.endswith(f"@{STAFF}>") and told != {("linked", "agent_mail")}:
            wrong.append(f"an agent's {name} was {told}")
        elif any(outcome not in ("created", "linked") for outcome, _ in told):
            wrong.append(f"{name} of {one.group} was {told}")
    if len(cases) != 1 or made != 1:
        told_all = "; ".join(" ".join(map(str, row)) for row in all_rows)
        wrong.append(f"{one.mails} of {one.group}: {len(cases)} cases, {made} of them made one: {told_all}")
        return None, wrong
    return cases.pop(), wrong


def _sent(one: Thread, rows: list[Any]) -> Iterator[str]:
    """One acknowledgement left; of the rest of its outbox nothing hangs."""
    acks = Counter(state for kind, state, *_ in rows if kind in ACKNOWLEDGES)
    if acks.total() != 1 or not acks.keys() <= _LEFT:
        yield f"its acknowledgements are {dict(acks)}"
    for kind, state, automatic, _, _, _, reason in rows:
        kept_back = state == "suppressed" and reason == "agent_limit"
        if kind not in ACKNOWLEDGES and not kept_back and state not in (_LEFT if automatic else {"sent"}):
            yield f"its {kind} ended as {state} {reason}"
    replies = sum(kind == "reply" for kind, *_ in rows)
    if replies != len(one.agent):
        yield f"{replies} replies to the customer, and agents wrote {len(one.agent)}"


def _answered(one: Thread, rows: list[Any], mails: Sequence[Received]) -> Iterator[str]:
    """The agent's words left to who wrote and to nobody else (P5), at least once, and always as the same mail."""
    words = one.agent[0][1]
    names = {str(row[4]) for row in rows if row[0] == "reply" and words in row[5]}
    left = [mail for mail in mails if words.encode() in mail.data]
    if others := {address for mail in left for address in mail.recipients} - {one.sender}:
        yield f"the agent's words {words!r} to {one.sender} left to {sorted(others)}"
    got = [mail.data for mail in left if one.sender in mail.recipients]
    if len(names) != 1 or not got or not all(next(iter(names)).encode() in data for data in got):
        yield f"the agent's words {words!r} are in {len(names)} replies, and left {len(got)} times to {one.sender}"
