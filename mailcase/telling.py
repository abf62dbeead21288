"""What a running daemon tells of itself, gathered from its parts for health, alarms and `status`."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mailcase.clock import utcnow
from mailcase.errors import Unavailable
from mailcase.health.situation import Facts
from mailcase.house import House
from mailcase.intake.state import MailboxState
from mailcase.reloading import Reloader
from mailcase.roster import Roster


def facts_of(house: House, roster: Roster, reloader: Reloader, handed_in: Mapping[str, datetime]) -> Facts:
    """The facts of this moment; asked every few seconds.

    `handed_in`: when LMTP brought the last mail, by mailbox.
    """
    sources = _sources(house)
    return Facts(
        mailboxes={**_waiting(house, handed_in), **roster.states()},
        sources=sources,
        paused=roster.paused & house.policy.mailboxes.keys(),
        policy_hash=house.policy.hash,
        config_error=reloader.error,
        config_error_at=reloader.error_at,
        restart_needed=reloader.restart_needed,
        disk_free=_free(house),
        disk_low=house.disk.is_low,
        disk_low_since=house.disk.low_since,
        token_expiry=_token_expiry(house),
        by_token=_by_token(house),
        unheld={name: at for name, at in house.tenure.unheld.items() if sources.get(name, "ingest") != "ingest"},
        config=str(house.settings.file.resolve()),
        quota_over=house.settings.alarm.quota,
        bounces_over=house.settings.alarm.bounces,
        silent_hours={box.name: box.silent_hours for box in house.settings.mailbox if box.silent_hours},
        clock_ahead_s=round(house.tenure.clock.ahead_s, 1),
    )


def _by_token(house: House) -> frozenset[str]:
    """Who signs in with tokens, as health.situation.Facts names them: the cure of a refused login differs."""
    reading = (f"imap:{name}" for name, one in house.built.imap.items() if one.sign_in)
    sending = (f"smtp:{name}" for name, one in house.built.smtp.items() if one.sign_in)
    return frozenset((*reading, *sending))


def _waiting(house: House, handed_in: Mapping[str, datetime]) -> dict[str, MailboxState]:
    """The mailboxes that nobody reads because a mail server hands their mail in: well as long as we listen.

    Of several daemons that listen, the one that holds a mailbox tells of it.
    """
    if not house.settings.lmtp.listen:
        return {}
    now = utcnow()
    ours = filter(house.tenure.works, house.policy.mailboxes)
    return {name: MailboxState(now, handed_in.get(name), connected=True) for name in ours}


def _sources(house: House) -> dict[str, str]:
    """Where the mail of each mailbox comes from."""
    read = {name: one.source for name, one in house.built.imap.items()}
    read |= {name: one.source for name, one in house.built.maildir.items()}
    other = "lmtp" if house.settings.lmtp.listen else "ingest"
    return {name: read.get(name, other) for name in house.policy.mailboxes}


def _token_expiry(house: House) -> dict[str, datetime]:
    """When the access token of each mailbox ends; the sooner one where it reads and sends with two."""
    reading = [(name, one.sign_in) for name, one in house.built.imap.items()]
    sending = [(name, one.sign_in) for name, one in house.built.smtp.items()]
    left = [(name, one.left_s) for name, one in (*reading, *sending) if one is not None]
    now = utcnow()
    # 0: it holds none; of two, the sooner one comes later here and stays. A life is at most a day (signin.endpoint).
    return {name: now + timedelta(seconds=one) for name, one in sorted(left, reverse=True) if one}


def _free(house: House) -> int | None:
    try:
        return house.disk.free
    except Unavailable:
        return None
