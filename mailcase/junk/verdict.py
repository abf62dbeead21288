"""Is this mail junk: the blacklist first, then the header rules, in configured order (B6)."""

from dataclasses import dataclass
from datetime import date

from mailcase.junk.blacklist import BlacklistVerdict
from mailcase.message import Email
from mailcase.policy import JunkPolicy


@dataclass(frozen=True, slots=True)
class JunkVerdict:
    """The reason word ("" for mail that is not junk) and a line for the trace of each test."""

    reason: str
    tests: tuple[tuple[str, str, str], ...]  # test, result, detail


def junk_verdict(email: Email, policy: JunkPolicy, today: date) -> JunkVerdict:
    """Look at From, Reply-To and Sender, then at the headers; every test is kept."""
    written = (*email.senders, *email.reply_to, email.sender_header)
    keys = tuple(dict.fromkeys(one.key for one in written if one is not None and one.key))
    listed = policy.blacklist.judge(keys, today)
    tests = [("blacklist", "yes" if listed.blocked else "no", _told(listed, keys))]
    if listed.blocked:
        return JunkVerdict("blacklisted", tuple(tests))
    for rule in policy.header_rules:
        value = rule.fires(email)
        if value is not None:
            tests.append(("header rules", "yes", f"{rule.name}: {value!r} fits {rule.matches!r}"))
            return JunkVerdict(rule.reason, tuple(tests))
    tests.append(("header rules", "no", f"{_count(len(policy.header_rules), 'rule')}, none fires"))
    return JunkVerdict("", tuple(tests))


def _told(listed: BlacklistVerdict, keys: tuple[str, ...]) -> str:
    who = " · ".join(keys) or "no sender address"
    if listed.blocked:
        return f"{listed.key} is blocked by line {listed.line_number}: {listed.entry}"
    if listed.allowed_by:
        return f"{listed.key} is allowed by {listed.allowed_by!r} (beats line {listed.line_number}: {listed.entry})"
    return f"{who} · {_count(listed.looked_at, 'line')} looked at"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
