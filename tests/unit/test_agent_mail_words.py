"""What `explain` and `message show` say of an agent's mail."""

import pytest

from mailcase.cli.render_trace import headline, trace_lines

LINKED = {"outcome": "linked", "case": "SR-12", "linked_by": "token", "kind": "person"}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("agent_mail", "linked to SR-12 by token: an agent answers a notice of ours, and what he writes is done"),
        (
            "agent_unverified",
            "linked to SR-12 by token: an agent's address without proof that it is he: kept as an internal note",
        ),
        ("token", "linked to SR-12 by token"),
    ],
)
def test_the_headline_says_what_becomes_of_it(reason: str, said: str) -> None:
    assert headline({**LINKED, "reason": reason}) == said
    assert headline({**LINKED, "reason": reason, "would": True}) == f"would be {said}"


def test_why_a_forwarded_mail_is_not_acknowledged() -> None:
    told = {"test": "acknowledge", "result": "no", "evidence": "forwarded by an agent: the address stands in a text"}
    assert trace_lines([told])[0].split() == f"acknowledge no {told['evidence']}".split()
