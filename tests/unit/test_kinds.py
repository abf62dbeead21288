"""Table 3.1: every row, in order."""

from typing import Any

import pytest

from mailcase import tokens
from mailcase.junk.bulk import BULK_PRECEDENCES, LIST_HEADERS
from mailcase.junk.complaint import COMPLAINT_HEADERS
from mailcase.junk.kinds import ROWS, classify
from mailcase.message import Email, Kind
from tests.builders import CUSTOMER, KEYS, SUPPORT, make_email, make_linking, make_mailbox, make_policy, make_report

SALES = make_mailbox(name="sales", address="sales@helpdesk.example", group="sales")
BOX = make_mailbox()
POLICY = make_policy(BOX, SALES)


def signed(group: str, *, automatic: bool) -> str:
    mark = tokens.mark(KEYS, group, 12, tokens.reference("x"), automatic=automatic)
    return tokens.message_id(mark, "mid.helpdesk.example")


@pytest.mark.parametrize("group", ["default", "sales"])
@pytest.mark.parametrize("automatic", [True, False])
def test_a_notice_to_the_administrators_is_our_own_in_whichever_group_it_comes_back(
    group: str, automatic: bool
) -> None:
    mark = tokens.mark(KEYS, group, tokens.NO_CASE, tokens.reference("x"), automatic=automatic)
    for email in (make_email(message_id=f"<{mark}@x.example>"), make_email({tokens.LOOP_HEADER: mark})):
        assert kind_of(email) == (Kind.OWN, "own mark")


def kind_of(email: Email, **linking: object) -> tuple[Kind, str]:
    policy = make_policy(BOX, SALES, linking=make_linking(**linking))
    verdict = classify(email, BOX, policy)
    return verdict.kind, verdict.rule


ROW_CASES = [
    (make_email(report=make_report(report_type="feedback-report")), Kind.COMPLAINT, "feedback report"),
    (
        make_email(report=make_report(report_type="", part_types=("message/feedback-report",))),
        Kind.COMPLAINT,
        "feedback report",
    ),
    (make_email(report=make_report(report_type="disposition-notification")), Kind.RECEIPT, "receipt"),
    (
        make_email(report=make_report(report_type="", part_types=("message/disposition-notification",))),
        Kind.RECEIPT,
        "receipt",
    ),
    (make_email(report=make_report("failed")), Kind.BOUNCE, "delivery report"),
    (make_email(report=make_report("delayed", "Failed")), Kind.BOUNCE, "delivery report"),
    (make_email(report=make_report("delayed")), Kind.DELAY, "delivery report"),
    (make_email(report=make_report("delayed", "delivered")), Kind.DELAY, "delivery report"),
    (make_email(report=make_report("delivered")), Kind.DELIVERED, "delivery report"),
    (make_email(report=make_report("relayed", "expanded")), Kind.DELIVERED, "delivery report"),
    (make_email(report=make_report()), Kind.BOUNCE, "delivery report"),
    (make_email(report=make_report("failed", report_type="x-other")), Kind.PERSON, "person"),
    (make_email(report=make_report("", "rubbish")), Kind.BOUNCE, "delivery report"),
    (
        make_email(report=make_report("failed", report_type="", part_types=("message/delivery-status",))),
        Kind.BOUNCE,
        "delivery report",
    ),
    (
        make_email(report=make_report(report_type="", part_types=("message/global-delivery-status",))),
        Kind.BOUNCE,
        "delivery report",
    ),
    (make_email(message_id=signed("default", automatic=True)), Kind.OWN, "own mark"),
    (make_email(message_id=signed("default", automatic=False)), Kind.OWN, "own mark"),
    (make_email({"X-Helpdesk-Loop": signed("default", automatic=True)}), Kind.OWN, "own mark"),
    (make_email(message_id=signed("sales", automatic=True)), Kind.NOTIFICATION, "own mark"),
    (make_email(senders=SUPPORT), Kind.NOTIFICATION, "own mark"),
    (make_email(senders="support+x@helpdesk.example"), Kind.NOTIFICATION, "own mark"),
    (make_email({"X-Failed-Recipients": "bob@x.example"}), Kind.BOUNCE, "failed recipients"),
    (make_email(return_path="", subject="Undelivered Mail"), Kind.BOUNCE, "null path or daemon"),
    (make_email(return_path="", text="The user unknown thing"), Kind.BOUNCE, "null path or daemon"),
    (make_email(senders="mailer-daemon@x.example", text="No such user here"), Kind.BOUNCE, "null path or daemon"),
    (make_email(return_path="", subject="Automatic reply: Hi"), Kind.AUTO_REPLY, "null path or daemon"),
    (make_email({"X-Vacation": "yes"}, return_path=""), Kind.AUTO_REPLY, "null path or daemon"),
    (make_email(return_path=""), Kind.NOTIFICATION, "null path or daemon"),
    (make_email(senders="post_master@x.example"), Kind.NOTIFICATION, "null path or daemon"),
    (
        make_email(senders="bounce@x.example", subject="Delivery failure", text="user unknown"),
        Kind.BOUNCE,
        "bounce wording",
    ),
    (
        make_email(senders="noreply@x.example", subject="Unzustellbar: Hallo", text="konnte nicht zugestellt werden"),
        Kind.BOUNCE,
        "bounce wording",
    ),
    (make_email({"Auto-Submitted": "auto-replied"}), Kind.AUTO_REPLY, "automatic reply"),
    (make_email(calendar_method="REPLY"), Kind.AUTO_REPLY, "automatic reply"),
    (make_email(subject="Out of Office: back on Monday"), Kind.AUTO_REPLY, "automatic reply"),
    (make_email({"Auto-Submitted": "auto-generated"}), Kind.NOTIFICATION, "auto-submitted"),
    (make_email({"Auto-Submitted": "auto-notified"}), Kind.NOTIFICATION, "auto-submitted"),
    (make_email({"Auto-Submitted": "what-ever"}), Kind.NOTIFICATION, "auto-submitted"),
    (make_email({"List-Id": "<news.x.example>"}), Kind.LIST, "mailing list"),
    (make_email({"List-Post": "<mailto:news@x.example>"}), Kind.LIST, "mailing list"),
    (make_email({"Mailing-List": "contact news@x.example"}), Kind.LIST, "mailing list"),
    (make_email({"Precedence": "bulk"}), Kind.BULK, "bulk mail"),
    (make_email({"Precedence": "Junk"}), Kind.BULK, "bulk mail"),
    (make_email({"Precedence": "list"}), Kind.BULK, "bulk mail"),
    (make_email({"X-Precedence": "auto_reply"}), Kind.BULK, "bulk mail"),
    (make_email({"List-Unsubscribe": "<mailto:off@x.example>"}), Kind.BULK, "bulk mail"),
    (make_email({"Feedback-ID": "1:2:3"}), Kind.BULK, "bulk mail"),
    (make_email(), Kind.PERSON, "person"),
    (make_email({"Auto-Submitted": "no"}), Kind.PERSON, "person"),
    (make_email({"Auto-Submitted": " No (really) ; x=y"}), Kind.PERSON, "person"),
    (make_email({"Precedence": "first-class"}), Kind.PERSON, "person"),
]


@pytest.mark.parametrize(("email", "kind", "rule"), ROW_CASES)
def test_each_row_of_table_3_1_decides(email: Email, kind: Kind, rule: str) -> None:
    assert kind_of(email) == (kind, rule)


def test_every_row_has_a_case() -> None:
    assert {name for name, _ in ROWS} | {"person"} == {rule for _, _, rule in ROW_CASES}


@pytest.mark.parametrize("name", COMPLAINT_HEADERS)
def test_a_providers_header_makes_a_complaint(name: str) -> None:
    assert kind_of(make_email({name: "erin@x.example"}))[0] is Kind.COMPLAINT


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("complaint about message from 192.0.2.1", Kind.COMPLAINT),
        ("Complaint about message from 192.0.2.1 ", Kind.COMPLAINT),
        ("complaint about message from Bob", Kind.PERSON),
        ("Re: complaint about message from 192.0.2.1", Kind.PERSON),
    ],
)
def test_a_complaint_without_a_report_part_is_known_by_its_subject(subject: str, kind: Kind) -> None:
    assert kind_of(make_email(subject=subject))[0] is kind


@pytest.mark.parametrize("name", LIST_HEADERS)
def test_each_list_header_makes_a_list_mail(name: str) -> None:
    assert kind_of(make_email({name: "<news.x.example>"}))[0] is Kind.LIST


@pytest.mark.parametrize("value", sorted(BULK_PRECEDENCES))
@pytest.mark.parametrize("name", ["Precedence", "X-Precedence", "precedence"])
def test_each_precedence_of_bulk_mail_counts(name: str, value: str) -> None:
    assert kind_of(make_email({name: f" {value.upper()} "}))[0] is Kind.BULK


ORDER = [
    # a delivery report of a program that calls itself an automatic reply
    (make_email({"Auto-Submitted": "auto-replied"}, report=make_report("failed")), Kind.BOUNCE),
    (make_email({"Auto-Submitted": "auto-replied"}, return_path="", subject="Undeliverable: x"), Kind.BOUNCE),
    (make_email(report=make_report("failed"), message_id=signed("default", automatic=True)), Kind.BOUNCE),
    (make_email({"X-Helpdesk-Loop": signed("default", automatic=True)}, return_path=""), Kind.OWN),
    (make_email({"Auto-Submitted": "auto-replied", "Precedence": "bulk"}), Kind.AUTO_REPLY),
    (make_email({"Auto-Submitted": "auto-generated", "List-Id": "<a.b>"}), Kind.NOTIFICATION),
    (make_email({"List-Unsubscribe": "x", "List-Id": "<a.b>", "Precedence": "bulk"}), Kind.LIST),
]


@pytest.mark.parametrize(("email", "kind"), ORDER)
def test_the_earlier_row_wins(email: Email, kind: Kind) -> None:
    assert kind_of(email)[0] is kind


def test_a_forwarded_report_is_a_persons_mail() -> None:
    """It is carried, so `report` is None; its words stand in subject and text."""
    email = make_email(subject="Fwd: Undeliverable: Offer", text="See below\nuser unknown")
    assert kind_of(email)[0] is Kind.PERSON


REPORT_TYPES = {
    Kind.COMPLAINT: "feedback-report",
    Kind.RECEIPT: "disposition-notification",
    Kind.BOUNCE: "delivery-status",
}
_PARTS = {
    Kind.COMPLAINT: "message/feedback-report",
    Kind.RECEIPT: "message/disposition-notification",
    Kind.BOUNCE: "message/delivery-status",
}


@pytest.mark.parametrize(("kind", "part"), list(_PARTS.items()))
def test_a_report_forwarded_with_its_parts_as_files_is_a_persons_mail(kind: Kind, part: str) -> None:
    """As programs that forward inline write it; a robot's, a whole report and one without the prefix is a report."""
    parts = make_report("failed", report_type="", part_types=(part,))
    whole = make_report("failed", report_type=REPORT_TYPES[kind], part_types=(part,))
    asked: dict[str, Any] = {"subject": "Fwd: Undelivered Mail", "text": "What does this mean?"}
    assert kind_of(make_email(report=parts, **asked)) == (Kind.PERSON, "person")
    for subject in ("Undelivered Mail", "Re: Undelivered Mail"):
        assert kind_of(make_email(report=parts, subject=subject))[0] is kind
    assert kind_of(make_email(report=whole, **asked))[0] is kind
    assert kind_of(make_email(report=parts, senders="no-reply@x.example", **asked))[0] is kind
    assert kind_of(make_email(report=parts, return_path="", **asked))[0] is kind


def test_a_complaint_in_a_header_alone_is_one_whatever_its_subject_says() -> None:
    assert kind_of(make_email({COMPLAINT_HEADERS[0]: "x@x.example"}, subject="Fwd: Hello"))[0] is Kind.COMPLAINT


def test_the_persons_verdict_counts_all_rows() -> None:
    verdict = classify(make_email(), BOX, POLICY)
    assert (verdict.tested, verdict.detail) == (12, "12 tests, none says automatic")


def test_an_agents_mail_of_another_group_is_a_persons() -> None:
    email = make_email(message_id=signed("sales", automatic=False), senders="sales@helpdesk.example")
    assert kind_of(email)[0] is Kind.PERSON


def test_an_agents_mail_of_another_group_goes_on_with_the_table() -> None:
    email = make_email({"List-Id": "<a.b>"}, message_id=signed("sales", automatic=False))
    assert kind_of(email)[0] is Kind.LIST


def test_a_forged_mark_is_nothing() -> None:
    good = signed("default", automatic=True)
    bad = good.replace("c12.", "c13.")
    assert kind_of(make_email({"X-Helpdesk-Loop": bad}, message_id=bad))[0] is Kind.PERSON


def test_our_mark_in_a_references_header_is_not_own_mail() -> None:
    assert kind_of(make_email(references=(signed("default", automatic=True),)))[0] is Kind.PERSON


FORM = make_mailbox(reply_to_is_sender=True, form_senders=frozenset({"forms@web.example"}))


@pytest.mark.parametrize(
    ("email", "kind"),
    [
        (make_email(senders=SUPPORT, reply_to=CUSTOMER), Kind.PERSON),
        (make_email({"Auto-Submitted": "auto-generated"}, senders=SUPPORT, reply_to=CUSTOMER), Kind.PERSON),
        (make_email({"Precedence": "bulk"}, senders="forms@web.example", reply_to=CUSTOMER), Kind.PERSON),
        (make_email({"Auto-Submitted": "auto-generated"}, senders=CUSTOMER, reply_to="x@y.example"), Kind.NOTIFICATION),
        (make_email(senders=SUPPORT), Kind.NOTIFICATION),
        (make_email(senders=SUPPORT, reply_to=SUPPORT), Kind.NOTIFICATION),
    ],
)
def test_a_web_forms_mail_is_a_persons_where_the_mailbox_says_so(email: Email, kind: Kind) -> None:
    assert classify(email, FORM, make_policy(FORM)).kind is kind


OWN_LIST = {"List-Id": "Help desk <support.groups.example>", "List-Unsubscribe": "<mailto:x>", "Precedence": "list"}


@pytest.mark.parametrize(
    ("headers", "own_lists", "kind"),
    [
        (OWN_LIST, {"support.groups.example"}, Kind.PERSON),
        (OWN_LIST, {"other.groups.example"}, Kind.LIST),
        (OWN_LIST | {"Mailing-List": "list support"}, {"support.groups.example"}, Kind.PERSON),
        (OWN_LIST | {"Precedence": "bulk"}, {"support.groups.example"}, Kind.BULK),
        ({"List-Id": "SUPPORT.groups.example"}, {"support.groups.example"}, Kind.PERSON),
        ({"List-Id": "a > b <c> <support.groups.example>"}, {"support.groups.example"}, Kind.PERSON),
        ({"List-Unsubscribe": "<mailto:x>"}, {"support.groups.example"}, Kind.BULK),
    ],
)
def test_our_own_list_does_not_count(headers: dict[str, str], own_lists: set[str], kind: Kind) -> None:
    assert kind_of(make_email(headers), own_lists=frozenset(own_lists))[0] is kind


@pytest.mark.parametrize(
    ("defects", "told"),
    [
        ((), "12 tests, none says automatic"),
        (("headers_left_out",), "12 tests, none says automatic in the first 2 header fields"),
    ],
)
def test_a_persons_mail_tells_how_much_of_it_was_seen(defects: tuple[str, ...], told: str) -> None:
    verdict = classify(make_email([("X-1", "y"), ("X-2", "y")], defects=defects), BOX, POLICY)
    assert (verdict.kind, verdict.detail, verdict.tested) == (Kind.PERSON, told, 12)


HOSTILE = ["(" * 50_000, "\\" * 50_000, "a " * 25_000, "re:" * 17_000, "<" * 50_000, '"' * 50_001]
HOSTILE += ["re: " + " " * 50_000, "mail delivery" * 4_000, "auto reply " * 5_000]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_classified_without_an_error(text: str) -> None:
    names = ["Auto-Submitted", "Precedence", "List-Id", "X-Auto-Response-Suppress", "X-Helpdesk-Loop"]
    email = make_email(
        [(name, text) for name in names] * 50, subject=text, text=text, message_id=text, senders=text, return_path=text
    )
    assert isinstance(classify(email, BOX, POLICY).kind, Kind)
