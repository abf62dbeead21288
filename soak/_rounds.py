"""The rounds of DAEMONS: what each of them saw, and what is said of all together."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from soak.part import Outcome

#: Of one round, as it is kept in JSON: see `daemons._seen`; seed, settled (seconds), stuck ("": nothing) and statuses.
Round = dict[str, Any]


def outcome(rounds: Sequence[Round]) -> Outcome:
    """Good if every round was; the numbers of all of them added up, the worst where a sum would say nothing."""
    found = [f"seed {one['seed']}: {line}" for one in rounds for line in (*one["found"], *one["quarantined"])]
    numbers = _sum(rounds, "numbers")
    given = numbers["laid"] + numbers["lmtp"]
    audits = list(dict.fromkeys(one["audit"] for one in rounds))
    stuck = [f"seed {one['seed']}: {one['stuck']}" for one in rounds if one["stuck"]]
    statuses, settled = [one["statuses"] for one in rounds], max(one["settled"] for one in rounds)
    sound = all(one["sound"] and not any(one["statuses"]) for one in rounds)
    lines = (
        f"{len(rounds)} rounds, seeds {', '.join(str(one['seed']) for one in rounds)}: {given} mails "
        f"({numbers['laid']} in Maildirs, {numbers['lmtp']} LMTP, handed in again {numbers['again']} times; "
        f"{numbers['customer']} answer an acknowledgement, {numbers['agent']} are agents' answers to a notice), "
        f"{numbers['threads']} threads, {numbers['cases']} cases",
        f"outbox: {_shown(_sum(rounds, 'outbox'))}; {numbers['relay']} mails at the relay",
        f"troubles: {_shown(_sum(rounds, 'troubles'))}; exit statuses at the end {statuses}",
        f"deliveries by outcome: {_shown(_sum(rounds, 'outcomes'))}; settled {settled:.0f} s after the last trouble at "
        f"most; databases {numbers['bytes']} bytes",
        f"`mailcase audit` of each: {' / '.join(audits)}; stuck: {'; '.join(stuck) or 0}; findings of server x store x "
        f"relay and of who wrote what: {len(found)}",
        *found[:40],
    )
    return Outcome(sound and not found and not stuck, lines)


def _sum(rounds: Sequence[Round], what: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in rounds:
        total.update(one[what])
    return total


def _shown(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
