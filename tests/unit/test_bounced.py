"""A report without recipient blocks: what its words say of the failure (B5)."""

import pytest

from mailcase.junk.permanent import permanent_status
from tests.builders import CUSTOMER, make_email


@pytest.mark.parametrize(
    ("text", "headers", "status"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", {}, "5.1.1"),
        ("host said: 550 5.7.1 rejected", {}, "5.7.1"),
        ("host said: 554-5.4.14 hop count exceeded", {}, "5.4.14"),
        ("host said: 450 4.2.1 try again", {}, ""),
        ("our version 5.1.1 is out", {}, ""),
        ("no words", {"X-Failed-Recipients": f"{CUSTOMER.upper()},other@x.example"}, "5.0.0"),
        ("no words", {"X-Failed-Recipients": "other@x.example"}, ""),
        ("no words", {"X-Failed-Recipients": "o@x.example, " * 49 + CUSTOMER}, "5.0.0"),
        ("no words", {"X-Failed-Recipients": "o@x.example, " * 50 + CUSTOMER}, ""),
        ("x" * 4000 + "(#5.1.1)", {}, ""),
        ("SMTP error from remote mail server after RCPT TO: 550 no mailbox here", {}, "550"),
        ("mailbox unavailable. [SMTP Error Code 550]", {}, "550"),
        ("ERROR_CODE :550, ERROR_CODE :5.1.1 <kijitora@example.co.jp>... User Unknown", {}, "5.1.1"),
        ("we connected to port 25 of room 550", {}, ""),
        ("This is a permanent error. The following address(es) failed:\nUnrouteable address", {}, "5.0.0"),
        ("This is a\npermanent error; I've given up. Remote host said: 450 4.2.2 Mailbox Full", {}, ""),
        ("This is a permanent error: 452 too many messages", {}, ""),
        ("Could not deliver for the last 432000 seconds. Giving up.", {}, ""),
        ("----- The following addresses had permanent fatal errors -----", {}, "5.0.0"),
        ("The recipient name is not recognized MSEXCH:IMS:NEKO", {}, "5.0.0"),
    ],
)
def test_a_permanent_status_is_read_from_the_words_above_the_copy(
    text: str, headers: dict[str, str], status: str
) -> None:
    assert permanent_status(make_email(headers, text=text), CUSTOMER) == status
