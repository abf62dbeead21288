"""Which alarms begin, go on, are told again, or have ended: a pure comparison of what is open with what is so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from mailcase.health.conditions import BY_WORD, Condition, well
from mailcase.health.situation import AlarmTold, Situation

REMIND_AFTER: Final = timedelta(hours=24)
Fate = Literal["stays", "over", "ended", "dropped"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written down and told."""

    begin: tuple[Condition, ...] = ()
    tell: tuple[AlarmTold, ...] = ()  # open, and nobody was told yet
    remind: tuple[AlarmTold, ...] = ()
    end: tuple[AlarmTold, ...] = ()  # over: whoever was told is told again
    drop: tuple[AlarmTold, ...] = ()  # closed without a word: a person paused or took out the mailbox
    over: tuple[AlarmTold, ...] = ()  # nothing to do yet: they end once [alarm] after has passed

    def __bool__(self) -> bool:
        return any((self.begin, self.tell, self.remind, self.end, self.drop))


def plan(
    now: Situation,
    found: Collection[Condition],
    is_open: Collection[AlarmTold],
    gone: Mapping[str, datetime],
    *,
    told: bool,
) -> Plan:
    """The next step.

    Args:
        now: the situation that the conditions were found in.
        found: the conditions of now.
        is_open: the alarms that are open in the store.
        gone: key -> since when a condition that is open was no longer found, here or by another daemon that judges
            it too; it ends after [alarm] after, so that what comes and goes is one alarm.
        told: whether there is anybody to tell.
    """
    held = {one.key: one for one in found}
    known = {one.key for one in is_open}
    rest = [one for one in is_open if one.key not in held]
    fates = {one.id: _fate(one, now, gone) for one in rest}
    lasting = [one for one in is_open if one.key in held and told]
    return Plan(
        begin=tuple(one for key, one in held.items() if key not in known),
        tell=tuple(one for one in lasting if one.told_at is None),
        remind=tuple(one for one in lasting if one.told_at is not None and now.now - one.told_at >= REMIND_AFTER),
        end=tuple(one for one in rest if fates[one.id] == "ended"),
        drop=tuple(one for one in rest if fates[one.id] == "dropped"),
        over=tuple(one for one in rest if fates[one.id] == "over"),
    )


def _fate(alarm: AlarmTold, now: Situation, gone: Mapping[str, datetime]) -> Fate:
    """Of an alarm whose condition is not found now; it ends on evidence, not because a daemon has just started."""
    rule = BY_WORD.get(alarm.word)
    if rule is None:
        return "dropped"  # of an older version
    if rule.of == "mailbox" and (fate := _of_mailbox(alarm, now)) != "ended":
        return fate
    if rule.of == "host" and not alarm.key.endswith(f":{now.host}"):
        return "stays"  # another daemon's
    if rule.lingers(alarm, now):
        return "stays"
    if (since := gone.get(alarm.key)) is None:
        return "stays"
    return "ended" if now.now - since >= now.after else "over"


def _of_mailbox(alarm: AlarmTold, now: Situation) -> Fate:
    facts = now.facts
    if alarm.mailbox in facts.paused or alarm.mailbox not in {*facts.sources, *facts.mailboxes}:
        return "dropped"
    state = facts.mailboxes.get(alarm.mailbox)
    return "ended" if state is not None and well(state) else "stays"
