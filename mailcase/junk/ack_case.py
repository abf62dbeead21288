"""K1, K2 and B1: is there a case by this very mail, is it a person's, and may it be answered at all."""

from mailcase.junk.ack_question import AckQuestion, No, Yes, moment
from mailcase.message import Kind


def switched_on(q: AckQuestion) -> No | Yes:
    """K1: this mail made the case (or reopened it) and the switch of `[acknowledge]` is on.

    An open breaker holds the row back, it does not forbid it (K9): that is the drain's business.
    """
    if q.junk or q.outcome == "junk_case":
        return Yes("not asked of junk")
    switches = q.policy.acknowledge
    on = {"created": switches.created, "followed": switches.followed, "reopened": switches.reopened}.get(q.outcome)
    if on is None:
        reason = "follow_up" if q.outcome == "linked" else "no_case"
        return No(reason, f"outcome {q.outcome}: only a mail that makes a case is acknowledged")
    return Yes(f"case {q.outcome} by this mail") if on else No("switched_off", f"[acknowledge] {q.outcome} is off")


def from_a_person(q: AckQuestion) -> No | Yes:
    """K2: kind person, and not junk."""
    if q.junk or q.outcome == "junk_case":
        return No("junk", "junk is never answered")
    return Yes("kind person") if q.kind is Kind.PERSON else No("not_a_person", f"kind {q.kind}")


def not_held_back(q: AckQuestion) -> No | Yes:
    """B1 and `ingest --no-ack`: mail of before the first connection or a restore (P3), or a person's wish."""
    if q.delivery.backlog:
        return No("backlog", "it lay there at the first connection")
    if q.delivery.no_ack:
        return No("no_ack_wish", "taken in with --no-ack, or of before a restore")
    return Yes("arrived after the start")


def young_enough(q: AckQuestion) -> No | Yes:
    """B13: not older than `max_age`, by the server's date of arrival."""
    age, limit = q.now - q.delivery.received_at, q.policy.acknowledge.max_age
    seen = f"received {moment(q.delivery.received_at)}, max_age {limit}"
    return No("too_old", seen) if age > limit else Yes(seen)
