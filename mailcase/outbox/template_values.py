"""What the templates of mails may use, by name, and which of them there must be."""

from collections.abc import Mapping
from typing import Final

#: What an acknowledgement may use, with the values that it is tried with at load: no title, no content (B8).
SAMPLE: Final[Mapping[str, str]] = {
    "number": "SR-12",
    "followed_number": "SR-9",
    "subject": "Printer on floor 3 jams",
    "name": "Erin Example",
    "help_desk": "Example Support",
    "address": "support@example.com",
    "category": "Incident",
    "status": "New",
    "opened": "2026-11-03 09:15 UTC",
}
#: What every other template may use.
NOTICE_SAMPLE: Final[Mapping[str, str]] = {
    **SAMPLE,
    "title": "Printer on floor 3 jams",
    "priority": "Medium",
    "support_level": "2",
    "customer": "Erin Example",
    "assignee": "Jane Roe",
    "actor": "Jane Roe",
    "text": "Could you tell us the number on the label at the back?",
    "solution": "The roller was worn out; we have replaced it.",
    "article": "https://help.example.com/rollers",
    "expected": "2026-11-05 17:00 UTC",
    "due": "2026-11-04 12:00 UTC",
    "sent_to": "erin@example.com",
    "quote": "On 2026-11-03 09:15 UTC Erin Example wrote:\n> It jams again.",
}
#: What the template for unauthenticated senders may use: nothing that the sender chose (B13, K6).
NEUTRAL_VALUES: Final = frozenset({"number", "help_desk", "address", "category", "status", "opened"})
NEUTRAL: Final = "neutral"
REQUIRED: Final = ("registration", "followed", "reopened", NEUTRAL)
