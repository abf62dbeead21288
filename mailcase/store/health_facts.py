"""A daemon's facts as columns and JSON of its row, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from mailcase.health.situation import Facts
from mailcase.intake.state import Trouble, Withheld
from mailcase.intake.texts import clean_text
from mailcase.store.dialect import AnyRow

_TROUBLES: Mapping[str, Trouble] = {word: word for word in get_args(Trouble)}


def facts_row(facts: Facts) -> dict[str, Any]:
    """The columns; what has none of its own is in `facts`. Texts are cleaned: PostgreSQL takes no NUL."""
    more = {
        "sources": {name: clean_text(source) for name, source in facts.sources.items()},
        "paused": sorted(facts.paused),
        "restart_needed": list(facts.restart_needed),
        "disk_free": facts.disk_free,
        "disk_low": facts.disk_low,
        "disk_low_since": facts.disk_low_since.isoformat() if facts.disk_low_since else None,
        "token_expiry": {name: at.isoformat() for name, at in facts.token_expiry.items()},
        "by_token": sorted(facts.by_token),
        "config": clean_text(facts.config),
        "unheld": {name: at.isoformat() for name, at in facts.unheld.items()},
        "clock_ahead_s": facts.clock_ahead_s,
        "quota_over": facts.quota_over,
        "bounces_over": facts.bounces_over,
        "silent_hours": dict(facts.silent_hours),
        "holds": sorted(facts.holds),
        "over": {key: at.isoformat() for key, at in facts.over.items()},
        "quota": {name: state.quota for name, state in facts.mailboxes.items() if state.quota is not None},
        "withheld": {
            name: [one.mails, clean_text(one.named), one.since.isoformat()]
            for name, state in facts.mailboxes.items()
            if (one := state.withheld)
        },
        "trouble": {name: state.trouble for name, state in facts.mailboxes.items() if state.trouble},
        "failed": {name: at.isoformat() for name, state in facts.mailboxes.items() if (at := state.failed_at)},
    }
    return {
        "policy_hash": facts.policy_hash, "config_error": clean_text(facts.config_error),
        "config_error_at": facts.config_error_at, "facts": more,
    }  # fmt: skip


def facts_of(row: AnyRow) -> Facts:
    """The facts again, without the mailboxes' states; what another version did not write is as by default."""
    more: Mapping[str, Any] = row.facts
    return Facts(
        sources=more.get("sources", {}),
        paused=frozenset(more.get("paused", ())),
        policy_hash=row.policy_hash,
        config_error=row.config_error,
        config_error_at=row.config_error_at,
        restart_needed=tuple(more.get("restart_needed", ())),
        disk_free=more.get("disk_free"),
        disk_low=bool(more.get("disk_low")),
        disk_low_since=datetime.fromisoformat(since) if (since := more.get("disk_low_since")) else None,
        token_expiry={name: datetime.fromisoformat(at) for name, at in more.get("token_expiry", {}).items()},
        by_token=frozenset(more.get("by_token", ())),
        config=more.get("config", ""),
        unheld={name: datetime.fromisoformat(at) for name, at in more.get("unheld", {}).items()},
        clock_ahead_s=more.get("clock_ahead_s", 0.0),
        quota_over=more.get("quota_over", 0.9),
        bounces_over=more.get("bounces_over", 0.1),
        silent_hours=more.get("silent_hours", {}),
        holds=holds_of(more),
        over={key: datetime.fromisoformat(at) for key, at in more.get("over", {}).items()},
    )


def holds_of(facts: Mapping[str, Any]) -> frozenset[str]:
    """The conditions of the store that hold by that daemon's configuration."""
    return frozenset(facts.get("holds", ()))


def trouble_of(facts: Mapping[str, Any], mailbox: str) -> Trouble:
    """Why that mailbox cannot be read, as the daemon that works it told."""
    return _TROUBLES.get(facts.get("trouble", {}).get(mailbox, ""), "")


def failed_of(facts: Mapping[str, Any], mailbox: str) -> datetime | None:
    """When that mailbox was last tried in vain, as the daemon that works it told."""
    at = facts.get("failed", {}).get(mailbox)
    return datetime.fromisoformat(at) if at else None


def withheld_of(facts: Mapping[str, Any], mailbox: str) -> Withheld | None:
    """What its server does not give, as the daemon that works that mailbox told."""
    found = facts.get("withheld", {}).get(mailbox)
    return Withheld(found[0], found[1], datetime.fromisoformat(found[2])) if found else None


def quota_of(facts: Mapping[str, Any], mailbox: str) -> float | None:
    """The share of its room that mailbox uses, as the daemon that works it told."""
    found: float | None = facts.get("quota", {}).get(mailbox)
    return found
