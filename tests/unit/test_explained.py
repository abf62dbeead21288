"""What `explain` says of the kind of a mail and of its acknowledgement: every text, by a mail that brings it out."""

import time
from typing import Final

import pytest

from mailcase import tokens
from mailcase.junk.ack_question import moment
from mailcase.junk.kinds import ROWS, classify
from tests.builders import CUSTOMER, KEYS, NOW, address, make_email
from tests.unit.test_acknowledge import NOES, YESES, ask
from tests.unit.test_kinds import BOX, ORDER, POLICY, ROW_CASES

#: Of the noes and yeses of table 3.3, in the order in which the rows there bring them out.
ACKNOWLEDGED: Final = (
    "follow_up: outcome linked: only a mail that makes a case is acknowledged",
    "no_case: outcome noted: only a mail that makes a case is acknowledged",
    "no_case: outcome ignored: only a mail that makes a case is acknowledged",
    "no_case: outcome duplicate: only a mail that makes a case is acknowledged",
    "no_case: outcome quarantined: only a mail that makes a case is acknowledged",
    "switched_off: [acknowledge] reopened is off",
    "switched_off: [acknowledge] created is off",
    "switched_off: [acknowledge] followed is off",
    "not asked of junk",
    "junk: junk is never answered",
    "case created by this mail",
    "not_a_person: kind notification",
    "not_a_person: kind list",
    "not_a_person: kind bulk",
    "not_a_person: kind auto_reply",
    "not_a_person: kind bounce",
    "not_a_person: kind delay",
    "not_a_person: kind delivered",
    "not_a_person: kind receipt",
    "not_a_person: kind complaint",
    "not_a_person: kind own",
    "kind person",
    "backlog: it lay there at the first connection",
    "no_ack_wish: taken in with --no-ack, or of before a restore",
    "arrived after the start",
    "null_return_path: Return-Path: <>",
    "no Return-Path",
    "auto_submitted: Auto-Submitted: auto-generated",
    "auto_submitted: Auto-Submitted: ",
    "list_mail: List-Id",
    "list_mail: list-help",
    "list_mail: Mailing-List",
    "precedence: Precedence: bulk",
    "precedence: Precedence: junk",
    "precedence: Precedence: list",
    "precedence: X-Precedence: auto_reply",
    "suppress_header: X-Auto-Response-Suppress: all",
    "suppress_header: X-Auto-Response-Suppress: oof",
    "suppress_header: X-Auto-Response-Suppress: all, oof",
    "suppress_header: X-Auto-Response-Suppress: autoreply",
    "loop_header: X-Loop",
    "loop_header: X-No-Loop",
    "loop_header: X-Helpdesk-Loop",
    "headers_unseen: header fields behind the first 2 are not known",
    "headers_unseen: header fields behind the first 0 are not known",
    "no Auto-Submitted, List-*, Precedence, suppression or loop header",
    "no_sender: the mail names no sender",
    "no_sender: the web form's mail names no customer in Reply-To",
    "several_senders: 2 From addresses or several From fields",
    "several_senders: 1 From addresses or several From fields",
    "several_senders: 2 Reply-To addresses",
    "own_address: support@helpdesk.example is ours",
    "robot_sender: no-reply@visitor.example fits no-reply",
    "robot_sender: list-request@x.example fits *-request",
    "not_sendable: erin: An email address must have an @-sign.",
    "not_sendable: erin@visitor..example: An email address cannot have two periods in a row.",
    "erin@visitor.example",
    "dmarc_failed: fail: dmarc=fail",
    "unknown: no trusted server is configured",
    "recipient_not_registered: none of ours among someone@else.example",
    "support@helpdesk.example in To",
    "suppressed: hard_bounce",
    "not on the suppression list",
    "too_old: received 2026-11-02 09:14 UTC, max_age 1 day, 0:00:00",
    "received 2026-11-03 09:15 UTC, max_age 1 day, 0:00:00",
    "address_limit: 5 of 5 within 1:00:00",
    "address_limit: 0 of 0 within 1:00:00",
    "0 of 5 within 1:00:00",
    "received_loop: 30 Received or more",
    "0 Received",
    "reference_loop: 4 automatic mails of ours in References",
    "0 automatic mails of ours in References",
    "same_content: the same was acknowledged at 2026-11-03 08:15 UTC",
    "case followed by this mail",
    "nothing like it was acknowledged within 60 minutes",
    "case reopened by this mail",
    "Return-Path erin@visitor.example",
    "erin@host.local",
    "support+SR-1.x@helpdesk.example in Delivered-To",
    "the mailbox accepts any recipient",
    "accepted by hand",
    "pass: dmarc=pass",
    "received 2026-11-02 09:15 UTC, max_age 1 day, 0:00:00",
    "received 2026-11-04 09:15 UTC, max_age 1 day, 0:00:00",
    "4 of 5 within 1:00:00",
    "29 Received",
    "3 automatic mails of ours in References",
)


def test_times_are_told_in_utc_wherever_the_daemon_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert moment(NOW) == "2026-11-03 09:15 UTC"
    time.tzset()


def test_each_answer_of_table_3_3() -> None:
    asked = (*(over for _, _, over in NOES), *YESES)
    assert tuple(dict.fromkeys(detail for over in asked for _, _, detail in ask(**over).tests)) == ACKNOWLEDGED


LONG: Final = "x" * 81
#: Mails that bring out what the rows of test_kinds.py do not: values that are missing, and those that are cut.
MORE: Final = (
    make_email({"X-Failed-Recipients": LONG}),
    make_email({"Auto-Submitted": "auto-replied"}, return_path=""),
    make_email(return_path="", subject="Delayed Mail"),
    make_email(senders=(address(CUSTOMER, "Mail Delivery System"),)),
    make_email({"From": "MAILER-DAEMON <>"}, senders=()),
    make_email({"X-MS-Exchange-Inbox-Rules-Loop": CUSTOMER, "X-Auto-Response-Suppress": "All"}),
    make_email(senders="anonymous@web.example", message_id="<20101015032506.28448.qmail@web.example>"),
    make_email({"X-HmXmrOriginalRecipient": CUSTOMER}),
    make_email(subject="Complaint about message from 192.0.2.1"),
    make_email({"List-Post": ""}),
    make_email({"List-Post": LONG}),
    make_email({"List-Help": ""}),
    make_email({"List-Help": LONG}),
    make_email({"X-Mandrill-User": "md_1"}),
    make_email(message_id=f"<{tokens.mark(KEYS, 'default', tokens.NO_CASE, tokens.reference('x'), automatic=True)}@x>"),
)

#: Of the kinds of table 3.1.
KINDS: Final = (
    "report-type=feedback-report",
    "part message/feedback-report",
    "report-type=disposition-notification",
    "part message/disposition-notification",
    "report-type=delivery-status, Action failed",
    "report-type=delivery-status, Action delayed",
    "report-type=delivery-status, Action delivered",
    "report-type=delivery-status, Action expanded, relayed",
    "report-type=delivery-status, no readable Action",
    "12 tests, none says automatic",
    "part message/delivery-status, Action failed",
    "part message/global-delivery-status, no readable Action",
    "an automatic mail of this group about case 12, signature valid",
    "an agent's mail of this group about case 12, signature valid",
    "an automatic mail of group sales, signature valid",
    "From support@helpdesk.example is ours, but the mail has no mark of ours",
    "From support+x@helpdesk.example is ours, but the mail has no mark of ours",
    "X-Failed-Recipients: bob@x.example",
    "null Return-Path, subject has 'undelivered'",
    "null Return-Path, text has 'user unknown'",
    "From mailer-daemon@x.example, text has 'no such user'",
    "null Return-Path, subject begins with 'automatic reply'",
    "null Return-Path, X-Vacation",
    "null Return-Path",
    "From post_master@x.example",
    "From bounce@x.example, subject has 'delivery failure', text has 'user unknown'",
    "From noreply@x.example, subject has 'unzustellbar', text has 'konnte nicht zugestellt werden'",
    "Auto-Submitted: auto-replied",
    "text/calendar METHOD=REPLY",
    "subject begins with 'out of office'",
    "Auto-Submitted: auto-generated",
    "Auto-Submitted: auto-notified",
    "Auto-Submitted: what-ever",
    "List-Id: <news.x.example>",
    "List-Post: <mailto:news@x.example>",
    "Mailing-List: contact news@x.example",
    "Precedence: bulk",
    "Precedence: junk",
    "Precedence: list",
    "X-Precedence: auto_reply",
    "List-Unsubscribe: <mailto:off@x.example>",
    "Feedback-ID",
    "null Return-Path, subject has 'undeliverable'",
    "List-Id: <a.b>",
    "X-Failed-Recipients: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "null Return-Path, Auto-Submitted: auto-replied",
    "null Return-Path, subject has 'delayed'",
    "From name 'Mail Delivery System'",
    "From MAILER-DAEMON <>",
    "X-MS-Exchange-Inbox-Rules-Loop with X-Auto-Response-Suppress: All",
    "From anonymous@, made by qmail-inject on web.example",
    "X-HmXmrOriginalRecipient",
    "Complaint about message from 192.0.2.1",
    "List-Post: ",
    "List-Post: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "List-Help: ",
    "List-Help: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "X-Mandrill-User",
    "a notice to the administrators or a probe of `mailbox test`, signature valid",
)


def test_each_row_of_table_3_1() -> None:
    emails = (*(row[0] for row in ROW_CASES), *(row[0] for row in ORDER), *MORE)
    verdicts = [classify(email, BOX, POLICY) for email in emails]
    assert tuple(dict.fromkeys(one.detail for one in verdicts)) == KINDS
    place = {name: at for at, (name, _) in enumerate(ROWS, 1)}
    assert all(one.tested == place.get(one.rule, len(ROWS) + 1) for one in verdicts)
