"""Whose servers send a mail."""

import pytest

from mailcase.outbox.way_out import way_out

NOW = {"helpdesk": "Support@Helpdesk.example", "sales": "sales@helpdesk.example"}


@pytest.mark.parametrize(
    ("mailbox", "sender", "name"),
    [
        ("sales", "support@helpdesk.example", "sales"),  # its own, whatever address it has now
        ("support", "support@helpdesk.example", "helpdesk"),  # renamed
        ("support", "gone@helpdesk.example", "support"),  # taken out
    ],
)
def test_a_mail_leaves_by_its_mailbox_under_the_name_of_now(mailbox: str, sender: str, name: str) -> None:
    assert way_out(mailbox, sender, NOW) == name
