"""Groups and agents that the configuration names and whom no case reaches, on both databases."""

import pytest

from mailcase.life.admitting import Change, Rules
from mailcase.life.entries import Kind
from mailcase.life.named import Named
from mailcase.store.store import Store
from tests.contract.store_kit import NOW

ANN, BOB = "ann@helpdesk.example", "bob@helpdesk.example"
RULES = Rules(frozenset(), (), frozenset(), {})


@pytest.fixture
def peopled(store: Store) -> Store:
    """Ann is active and in First line and Closed; Bob is disabled and in Second line; nobody is in Empty."""
    for address, name in ((ANN, "Ann"), (BOB, "Bob")):
        store.person_add(Kind.AGENT, {"address": address, "name": name}, RULES, NOW)
    store.person_edit(Kind.AGENT, BOB, Change({"active": False}, {}, {}), RULES, NOW)
    for name, members in (("First line", (ANN, BOB)), ("Second line", (BOB,)), ("Closed", (ANN,)), ("Empty", ())):
        store.person_add(Kind.GROUP, {"name": name, "members": members}, RULES, NOW)
    store.person_edit(Kind.GROUP, "Closed", Change({"active": False}, {}, {}), RULES, NOW)
    return store


def named(kind: str, name: str) -> Named:
    return Named(("assignment", 0, kind), "group" if kind == "group" else "agent", name)


@pytest.mark.parametrize(
    ("kind", "name", "detail", "cure"),
    [
        ("group", "First lne", "there is no group First lne; did you mean First line?", 'group add "First lne"'),
        ("group", "first line", "there is no group first line; did you mean First line?", "correct the name"),
        ("group", "Night", "there is no group Night", 'mailcase group add "Night" --member ADDRESS'),
        ("group", "Second line", "has no active member", 'mailcase group edit "Second line" --add-member'),
        ("group", "Empty", "has no active member", "--add-member"),
        ("group", "Closed", "group Closed is disabled", 'mailcase group enable "Closed"'),
        ("agent", "anm@helpdesk.example", f"did you mean {ANN}?", "mailcase agent add anm@helpdesk.example --name"),
        ("agent", BOB, f"{BOB} is disabled", f"mailcase agent enable {BOB}"),
    ],
)
def test_who_is_gone_is_told_with_the_cure(peopled: Store, kind: str, name: str, detail: str, cure: str) -> None:
    wanted = (named("group", "First line"), named("agent", "Ann@Helpdesk.Example"), named(kind, name))
    (found,) = peopled.gone(wanted)
    assert (found.of.name, detail in found.detail, cure in found.cure) == (name, True, True), found
    assert peopled.health_numbers(wanted).gone == peopled.health_told(NOW, wanted).numbers.gone == (found,)
    assert peopled.gone(wanted[:2]) == ()
