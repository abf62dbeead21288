"""What a person accepts becomes a case, or goes to the case that he names, whatever kind of mail it is."""

import pytest

from mailcase.store.store import Store
from tests.builders import make_linking
from tests.contract.post import Post, letter, policy

TO = "From: MAILER-DAEMON@mx.example\nTo: support@helpdesk.example\nMessage-ID: <r@mx.example>\nSubject: Report\n"
PARTS = {
    "bounce": (
        "delivery-status",
        "message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1",
    ),
    "complaint": ("feedback-report", "message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: a@x.example"),
    "receipt": (
        "disposition-notification",
        "message/disposition-notification\n\nFinal-Recipient: rfc822; a@x.example\n"
        "Disposition: manual-action/MDN-sent-manually; displayed",
    ),
}


def report(kind: str) -> bytes:
    """A report on a mail that nobody of us wrote."""
    of, part = PARTS[kind]
    text = f"{TO}Content-Type: multipart/report; report-type={of}; boundary=x\n\n"
    return f"{text}--x\nContent-Type: text/plain\n\nSomething is told.\n--x\nContent-Type: {part}\n\n--x--\n".encode()


def leaves(store: Store) -> list[str]:
    """To whom something leaves."""
    return [str(one["to"]) for one in store.outbox_list() if one["state"] != "suppressed"]


@pytest.mark.parametrize("kind", PARTS)
def test_an_accepted_report_is_a_case_of_its_own_and_never_answered(store: Store, kind: str) -> None:
    post = Post(store)
    ignored = post.deliver(report(kind))
    assert (ignored.kind, ignored.outcome, ignored.reason) == (kind, "ignored", "report_unmatched")
    made = post.accept(ignored.delivery_id)
    assert (made.outcome, made.case, made.queued) == ("created", "SR-1", False)
    assert (post.mails("SR-1"), leaves(store)) == (["Report"], [])
    shown = store.message_show(ignored.delivery_id)
    assert "by agent@helpdesk.example: a case of its own" in [one["evidence"] for one in shown["trace"]]


@pytest.mark.parametrize("kind", PARTS)
def test_an_accepted_report_goes_to_the_case_that_is_named(store: Store, kind: str) -> None:
    post = Post(store)
    assert post.write(1).case == "SR-1"
    answers = leaves(store)
    joined = post.accept(post.deliver(report(kind)).delivery_id, 1)
    assert (joined.outcome, joined.case, joined.reason) == ("linked", "SR-1", "manual")
    assert (post.mails("SR-1")[-1], leaves(store)) == ("Report", answers)


def test_list_mail_that_makes_no_case_by_the_setting_makes_one_when_it_is_accepted(store: Store) -> None:
    post = Post(store, policy(linking=make_linking(list_creates=False)))
    ignored = post.deliver(letter(1, List_Id="<news.x.example>"))
    assert (ignored.outcome, ignored.reason) == ("ignored", "list_mail")
    made = post.accept(ignored.delivery_id)
    assert (made.outcome, made.case, leaves(store)) == ("created", "SR-1", [])
