"""Why: the verdict in one line, then every test in the order it was asked, in words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mailcase.cli.output import padded, safe, width
from mailcase.verdict import BY_AGENT

#: Reason words in words, where the word alone does not say it.
REASONS: Final = {
    "blacklisted": "the sender is on the blacklist",
    "spam_header": "a header rule says spam",
    "auto_reply": "an automatic reply that belongs to no case",
    "new_topic": "it answers an old mail with a subject of its own",
    "own_mail": "our own mail that came back",
    "sent_unmatched": "an agent's own mail from the sent folder that belongs to no case",
    "sent_to_us": "a mail to ourselves in the sent folder; the copy that we receive is decided",
    "recipient_not_registered": "none of the mailbox's addresses is a recipient",
    "before_start": "it lay there before the first connection",
    "report_unmatched": "a report that names no mail of ours",
    "same_message": "the same Message-ID and Date as before",
    "same_content": "the same content as before",
    "erased": "its case was erased, and it does not come back",
    "dropped": "dropped from quarantine by a person",
    "unreadable": "it could not be read",
    "undecidable": "it could not be processed",
    "agent_mail": "an agent answers a notice of ours, and what he writes is done",
    "agent_unverified": "an agent's address without proof that it is he: kept as an internal note",
}
#: Reason words of an acknowledgement that is not sent, where blanks for `_` do not do.
_KEPT_BACK: Final = {"follow_up": "follow-up", "agent": "an agent's mail"}
_TEST, _RESULT = 15, 12  # columns


def trace_lines(trace: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a test: its name, what it said, and what it saw."""
    tests = [(safe(one["test"]), safe(one["result"]), _evidence(one)) for one in trace]
    names = max([_TEST, *(width(test) for test, _, _ in tests)])
    results = max([_RESULT, *(width(result) for _, result, _ in tests if width(result) <= 2 * _RESULT)])
    return [
        f"  {padded(test, names)}  {padded(result, results)}  {evidence}".rstrip() for test, result, evidence in tests
    ]


def _evidence(one: Mapping[str, Any]) -> str:
    """What a test saw; that of the acknowledgement opens with a reason word, which is put in words."""
    text = safe(one["evidence"])
    if one["test"] != "acknowledge":
        return text
    word, colon, rest = text.partition(": ")
    return f"{_KEPT_BACK.get(word, word.replace('_', ' '))}{colon}{rest}"


def headline(mail: Mapping[str, Any]) -> str:
    """The verdict in one line: `linked to SR-12 by thread`."""
    by = f" by {_by(mail)}" if mail.get("linked_by") else ""
    case = mail.get("case") or ("a new case" if mail.get("would") else "no case")
    reason = _reason(mail)
    match mail["outcome"]:
        case None:
            return "not yet decided"
        case "created":
            said = f"created {case}"
        case "linked":
            said = f"linked to {case}{by}{f': {reason}' if mail['reason'] in BY_AGENT else ''}"
        case "reopened":
            said = f"reopened {case}{by}"
        case "followed":
            begins = f"{case}, following" if mail.get("would") else f"{case} follows"
            said = f"{begins} a closed case, found{by or ' by thread'}"
        case "noted":
            said = f"noted on {case}{by}: {mail['kind'].replace('_', ' ')}, status and assignee stay"
        case "junk_case":
            said = f"junk, {case}: {reason}"
        case "quarantined":
            said = f"quarantined: {safe(mail.get('error') or reason)}"
        case outcome:
            said = f"{outcome}: {reason}"
    return f"would be {said}" if mail.get("would") else said


def _by(mail: Mapping[str, Any]) -> str:
    words = {"subject": "the number in its subject", "body": "the number in its text", "manual": "hand"}
    return words.get(mail["linked_by"], str(mail["linked_by"]))


def winner(mail: Mapping[str, Any], trace: Sequence[Mapping[str, Any]]) -> str:
    """Why the mail is on its case, in a few words: the evidence of the test that decided."""
    tests = {
        "token": ("token", "body mark"),
        "thread": ("thread",),
        "subject": ("subject number",),
        "body": ("body number",),
        "duplicate": ("open case",),
        "manual": ("by hand",),
    }.get(mail.get("linked_by") or "", ())
    for one in trace:
        if one["test"] in tests and one["result"] not in ("none", "not asked", "no"):
            return safe(one["evidence"])
    if mail["outcome"] == "created":
        return "no thread, no number" if mail["reason"] == "new_case" else _reason(mail)
    return _reason(mail)


def _reason(mail: Mapping[str, Any]) -> str:
    return safe(REASONS.get(mail["reason"], str(mail["reason"]).replace("_", " ")))
