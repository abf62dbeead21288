"""Who the customer is (B3)."""

import pytest

from mailcase.junk.customer import customer, form_customer
from mailcase.message import Email
from tests.builders import CUSTOMER, SUPPORT, make_email, make_mailbox

FORM = make_mailbox(reply_to_is_sender=True, form_senders=frozenset({"forms@web.example"}))
OWN = frozenset({SUPPORT, "sales@helpdesk.example"})
TAGGED = "support+x@helpdesk.example"
GUEST = "guest@visitor.example"


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        (make_email(senders="forms@web.example", reply_to=GUEST), GUEST),
        (make_email(senders=SUPPORT, reply_to=GUEST), GUEST),
        (make_email(senders="sales@helpdesk.example", reply_to=GUEST), GUEST),
        (make_email(senders=SUPPORT, reply_to=(SUPPORT, GUEST)), GUEST),
        (make_email(senders=TAGGED, reply_to=GUEST), GUEST),
        (make_email(senders=SUPPORT, reply_to=(TAGGED, GUEST)), GUEST),
        (make_email(senders=CUSTOMER, reply_to=GUEST), CUSTOMER),
        (make_email(senders=(SUPPORT, CUSTOMER), reply_to=GUEST), SUPPORT),
        (make_email(senders=SUPPORT), SUPPORT),
        (make_email(senders=SUPPORT, reply_to=SUPPORT), SUPPORT),
        (make_email(senders=(CUSTOMER, GUEST)), CUSTOMER),
        (make_email(senders=()), None),
        (make_email(senders="forms@web.example"), None),
        (make_email(senders="forms@web.example", reply_to=SUPPORT), None),
        (make_email(senders=(), reply_to=GUEST), None),
    ],
)
def test_the_customer_is_from_or_a_forms_reply_to(email: Email, expected: str | None) -> None:
    found = customer(email, FORM, OWN)
    assert (found.key if found else None) == expected


@pytest.mark.parametrize("sender", [SUPPORT, "forms@web.example", CUSTOMER])
def test_without_the_setting_a_reply_to_never_counts(sender: str) -> None:
    email = make_email(senders=sender, reply_to=GUEST)
    plain = make_mailbox(form_senders=frozenset({"forms@web.example"}))
    assert form_customer(email, plain, OWN) is None
    found = customer(email, plain, OWN)
    assert found is not None
    assert found.key == sender
