"""Which case a mail goes to and what that does to the case: B5's table, B7-B12 put together."""

from dataclasses import replace

from mailcase.acknowledging import acknowledge
from mailcase.actions import NEW, Action, LinkMessage, NoteOnCase, RelateCases, ReopenCase
from mailcase.answering import by_agent
from mailcase.cases.away import away_until
from mailcase.cases.contacts import account
from mailcase.cases.duplicates import case_to_join
from mailcase.cases.statuses import Role, StatusKind
from mailcase.cases.transitions import Effect, effect, is_final, open_follower
from mailcase.forwarding import forwarded_for
from mailcase.hearing import Hearing
from mailcase.inherited import acted_on, led_to, links
from mailcase.junk.verdict import junk_verdict
from mailcase.linking.finding import Candidate, Finding
from mailcase.linking.order import find
from mailcase.linking.sender import Relation, relation
from mailcase.message import Kind
from mailcase.new_topic import NEW_TOPIC, is_new_topic
from mailcase.opening import new_case
from mailcase.sent_before import brought_along
from mailcase.snapshot import CaseView
from mailcase.verdict import Decision, Outcome


def file_mail(hearing: Hearing) -> Decision:
    """The verdict on a mail that is neither report nor junk: noted, or on a case."""
    finding = asked_for(hearing) or find(hearing.email, hearing.snapshot, hearing.policy, automatic=not hearing.person)
    for line in finding.tried:
        hearing.note(line.test, line.result, line.detail)
    if hearing.kind.kind is Kind.AUTO_REPLY and not hearing.delivery.wish.accept:
        return _away(hearing, finding.winner)
    winner = finding.winner or _duplicate(hearing)
    return _join(hearing, winner) if winner else _create(hearing)


def asked_for(hearing: Hearing) -> Finding | None:
    """The case that a person named with `message accept --case`."""
    wanted = hearing.delivery.wish.case
    case = hearing.snapshot.cases.get(wanted) if wanted is not None else None
    if case is None:
        return None
    told = f"{case.number} named by {hearing.delivery.wish.actor or 'a person'}"
    hearing.note("by hand", case.number, told)
    return Finding(Candidate("by hand", "manual", (case,), told), ())


def _duplicate(hearing: Hearing) -> Candidate | None:
    """B12 with `duplicates = "link"`: a person's new mail joins the unclosed case."""
    if not hearing.person or forwarded_for(hearing):  # the contact whose cases are known is the agent then
        return None
    case = case_to_join(hearing.snapshot, hearing.mailbox.category, hearing.policy, frozenset())
    if case is None:
        return None
    told = f"same contact and category as {case.number}, which is open"
    hearing.note("open case", case.number, told)
    return Candidate("open case", "duplicate", (case,), told)


def junk_reason(hearing: Hearing) -> str:
    """The reason word where the blacklist or a header rule fires (B6); "" too for what a person accepted."""
    verdict = junk_verdict(hearing.email, hearing.policy.junk, hearing.snapshot.now.date())
    for test, result, detail in verdict.tests:
        hearing.note(test, result, detail)
    if verdict.reason and hearing.delivery.wish.accept:
        hearing.note("accepted", "yes", f"by {hearing.delivery.wish.actor or 'a person'}: decided as if allowed")
        return ""
    return verdict.reason


def file_junk(hearing: Hearing, reason: str) -> Decision:
    """B6: recorded without a case, or a case with the junk status; never linked, never answered."""
    if not hearing.policy.junk.create_cases:
        return hearing.rule(Outcome.IGNORED, reason)
    return new_case(hearing, Outcome.JUNK_CASE, reason)


def _away(hearing: Hearing, winner: Candidate | None) -> Decision:
    """An out-of-office is noted on its thread; without one the junk rules have it (B5)."""
    if winner is None:
        return file_junk(hearing, junk_reason(hearing) or "auto_reply")
    until = away_until(hearing.email.text)
    data: dict[str, object] = {"from": hearing.snapshot.lookup.sender_key}
    if until is not None:
        data["until"] = until.isoformat()
    return noted(hearing, winner, "away", data)


def noted(
    hearing: Hearing, winner: Candidate, event: str, data: dict[str, object], extra: tuple[Action, ...] = ()
) -> Decision:
    """Automatic mail put on the history of its case without any other effect."""
    case = acted_on(hearing, winner)
    who = relation(case, hearing.snapshot, hearing.authentication.result)
    actions: tuple[Action, ...] = (
        *links(winner, case, Outcome.NOTED.value, verified=False),
        NoteOnCase(case.running, event, data),
        *extra,
    )
    return Decision(
        kind=hearing.kind.kind,
        outcome=Outcome.NOTED,
        reason=winner.linked_by,
        trace=tuple(hearing.trace),
        actions=actions,
        linked_by=winner.linked_by,
        case=case.running,
        sender_unverified=who.stranger and hearing.kind.kind is Kind.AUTO_REPLY,  # a report has no sender to know
        acknowledge_reason="not_a_case",
    )


def _create(hearing: Hearing) -> Decision:
    """No case was found: a new one, unless this kind of mail makes none."""
    if _makes_none(hearing):
        hearing.note("list_creates", "no", "list and bulk mail makes no case here (setting)")
        return hearing.rule(Outcome.IGNORED, "list_mail")
    return new_case(hearing, Outcome.CREATED, "new_case")


def _makes_none(hearing: Hearing) -> bool:
    """Whether it is of a list, which makes no case by the setting; a person who accepts it wants one."""
    listed = hearing.kind.kind in (Kind.LIST, Kind.BULK)
    return listed and not hearing.policy.linking.list_creates and not hearing.delivery.wish.accept


def _join(hearing: Hearing, winner: Candidate) -> Decision:
    """B8 and B9: may the sender enter this case, and what does his mail do to it?"""
    case = acted_on(hearing, winner)
    who = relation(case, hearing.snapshot, hearing.authentication.result)
    hearing.note("sender", who.name, who.detail)
    if decision := by_agent(hearing, winner, case):
        return decision
    if who.stranger and not _may_enter(hearing, winner):
        return _turned_away(hearing, case)
    if not is_final(case, hearing.policy.statuses):
        return _begin(hearing, case) if is_new_topic(hearing, winner, case) else _enter(hearing, winner, case, who)
    sender = frozenset({hearing.snapshot.lookup.sender_key})
    mine = account(hearing.snapshot)
    follower = open_follower(case, hearing.snapshot.cases, hearing.policy.statuses, sender, mine)
    if follower is None:
        return _follow(hearing, winner, case, who)
    hearing.note("status", case.status, f"{case.number} is closed; {follower.number} followed it and is open")
    return _enter(hearing, led_to(winner, follower), follower, _there(hearing, follower, who))


def _there(hearing: Hearing, follower: CaseView, who: Relation) -> Relation:
    """A stranger to the closed case may be of the people of the one that followed it: he may have begun it."""
    if not who.stranger:
        return who
    who = relation(follower, hearing.snapshot, hearing.authentication.result)
    hearing.note("sender", who.name, who.detail)
    return who


def _may_enter(hearing: Hearing, winner: Candidate) -> bool:
    """B8: a stranger joins by the setting, or by a valid token unless DMARC failed."""
    if hearing.policy.linking.strangers == "link" or winner.linked_by == "manual":
        return True
    by_token = winner.linked_by == "token" and hearing.authentication.result != "fail"
    hearing.note("strangers", "yes" if by_token else "no", "strangers = new_case; a valid token is an invitation")
    return by_token


def _turned_away(hearing: Hearing, case: CaseView) -> Decision:
    """A case of his own, cross-linked, with the reason."""
    failed = hearing.authentication.result == "fail"
    reason = "auth_fail" if failed else "stranger"
    hint: dict[str, object] = {"case": case.number, "sender": hearing.snapshot.lookup.sender_key}
    extra: tuple[Action, ...] = (
        RelateCases(NEW, case.running, "rejected_link"),
        NoteOnCase(NEW, "auth_fail" if failed else "link_rejected_sender", hint),
    )
    return new_case(hearing, Outcome.CREATED, reason, extra=extra, unverified=failed)


def _begin(hearing: Hearing, case: CaseView) -> Decision:
    """A case of its own for what is no answer but by its headers, cross-linked; no duplicate of the one it left."""
    failed = hearing.authentication.result == "fail"
    extra: tuple[Action, ...] = (RelateCases(NEW, case.running, NEW_TOPIC),)
    apart = frozenset({case.running})
    return new_case(hearing, Outcome.CREATED, NEW_TOPIC, extra=extra, unverified=failed, apart=apart)


def _follow(hearing: Hearing, winner: Candidate, case: CaseView, who: Relation) -> Decision:
    """A closed case stays closed: a new one follows it, and the mail stands in both."""
    if _makes_none(hearing):
        return _create(hearing)
    hearing.note("status", case.status, f"{case.number} is closed: a new case follows it{_of_others(hearing, case)}")
    extra: tuple[Action, ...] = (
        *(_shown(hearing, LinkMessage(one.running, "shown", winner.linked_by, who.verified)) for one in winner.cases),
        RelateCases(NEW, case.running, "follows"),
    )
    return new_case(
        hearing,
        Outcome.FOLLOWED,
        winner.linked_by,
        extra=extra,
        linked_by=winner.linked_by,
        unverified=not who.verified,
        apart=frozenset({case.running}),
    )


def _of_others(hearing: Hearing, case: CaseView) -> str:
    """What else followed it and is open: not entered, since somebody else is its customer (P5)."""
    other = open_follower(case, hearing.snapshot.cases, hearing.policy.statuses)
    return f"; {other.number}, which followed it and is open, is of other people" if other else ""


def _enter(hearing: Hearing, winner: Candidate, case: CaseView, who: Relation) -> Decision:
    """Link, and reopen where the status asks for it and this kind of mail may."""
    wanted = effect(case, hearing.policy.statuses)
    reopened = wanted is Effect.REOPEN and _reopens(hearing, winner, who)
    outcome = Outcome.REOPENED if reopened else Outcome.LINKED
    hearing.note("status", case.status, f"{case.number} is {hearing.policy.statuses.kind(case.status)}: {outcome}")
    mine, *others = links(winner, case, outcome.value, verified=who.verified)
    actions: list[Action] = [mine, *(_shown(hearing, one) for one in others)]
    if reopened:
        actions.append(_reopen(hearing, case))
    if who.verified:
        actions += [RelateCases(case.running, lost.running, "same_thread") for lost in _tied(winner, case)]
        actions += brought_along(hearing, case.running)
    answer = acknowledge(hearing, outcome, case.running, stranger=not who.verified)
    return Decision(
        kind=hearing.kind.kind,
        outcome=outcome,
        reason="duplicate_case" if winner.linked_by == "duplicate" else winner.linked_by,
        trace=tuple(hearing.trace),
        actions=(*actions, *answer.actions),
        linked_by=winner.linked_by,
        case=case.running,
        sender_unverified=not who.verified,
        acknowledge=answer.yes,
        acknowledge_reason=answer.reason,
    )


def _shown(hearing: Hearing, link: LinkMessage) -> LinkMessage:
    """On each case that shows the mail too its sender is one of the people only where he was before (B8)."""
    case = hearing.snapshot.cases[link.case]
    there = relation(case, hearing.snapshot, hearing.authentication.result)
    return replace(link, verified=link.verified and there.verified)


def _tied(winner: Candidate, case: CaseView) -> tuple[CaseView, ...]:
    """Other cases that turn out to be of the same thread (B15); numbers in a text tie nothing."""
    return tuple(one for one in winner.lost if one.running != case.running) if winner.linked_by == "thread" else ()


def _reopen(hearing: Hearing, case: CaseView) -> ReopenCase:
    return ReopenCase(
        case=case.running,
        from_status=case.status,
        to_status=hearing.policy.statuses.by_role(Role.REOPENED).name,
        clear_assignee=hearing.policy.cases.clear_assignee_on_reopen,
        version=case.version,
        paused=hearing.policy.statuses.kind(case.status) is StatusKind.PAUSED,
    )


def _reopens(hearing: Hearing, winner: Candidate, who: Relation) -> bool:
    """B5: a person does; a machine by setting, or where a participant answers a mail of ours through it."""
    if hearing.person or hearing.delivery.wish.accept:
        return True
    if hearing.kind.kind is Kind.NOTIFICATION and hearing.policy.linking.notification_reopens:
        return True
    return winner.answers_ours and who.verified
