"""What may be said of agents, groups, accounts and contacts, and what the configuration says against it."""

import pytest

from mailcase.life.admitting import Change, Rules, admit, changed
from mailcase.life.entries import FORMS, Entry, Kind, Refused, Value

RULES = Rules(
    own_keys=frozenset({"support@helpdesk.example"}),
    organizations=("North", "South"),
    freemail=frozenset({"gmail.com"}),
    domains={"visitor.example": "Visitor Ltd"},
    agents=frozenset({"jane@x.example"}),
)
AGENT: Entry = {"address": "jane@x.example", "name": "Jane", "organizations": ("North",), "groups": ()}
ACCOUNT: Entry = {"name": "Visitor Ltd", "domains": ("visitor.example",), "active": True}
CONTACT: Entry = {"addresses": ("erin@v.example",), "name": "Erin"}


@pytest.mark.parametrize(
    ("kind", "field", "given", "value"),
    [
        (Kind.AGENT, "address", " Jane@X.example ", "Jane@X.example"),
        (Kind.AGENT, "language", "pt_BR", "pt-br"),
        (Kind.AGENT, "language", "", ""),
        (Kind.AGENT, "timezone", "Asia/Tokyo", "Asia/Tokyo"),
        (Kind.AGENT, "role", "", "agent"),
        (Kind.AGENT, "active", "JA", True),
        (Kind.AGENT, "groups", ["A", "", " A "], ("A",)),
        (Kind.GROUP, "members", ["a@x.example", "A@X.example"], ("A@X.example",)),
        (Kind.ACCOUNT, "domains", ["@Bücher.example", "xn--bcher-kva.example."], ("xn--bcher-kva.example",)),
        (Kind.CONTACT, "addresses", '"jane doe"@x.example', ('"jane doe"@x.example',)),
        (Kind.CONTACT, "account", "", ""),
    ],
)
def test_texts_become_values(kind: Kind, field: str, given: str | list[str], value: Value) -> None:
    assert FORMS[kind].field(field).value(given) == value


@pytest.mark.parametrize(
    ("kind", "field", "given"),
    [
        (Kind.AGENT, "address", "Jane <jane@x.example>, bob@x.example"),
        (Kind.AGENT, "address", "jane doe@x.example"),
        (Kind.AGENT, "address", "@x.example"),
        (Kind.AGENT, "name", "Jane\nDoe"),
        (Kind.AGENT, "name", "caf\udce9"),
        (Kind.AGENT, "name", " "),
        (Kind.AGENT, "timezone", "../../etc/passwd"),
        (Kind.AGENT, "timezone", "Europe"),
        (Kind.ACCOUNT, "domains", "example"),
        (Kind.ACCOUNT, "domains", "a@example.com"),
        (Kind.CONTACT, "addresses", "erin"),
    ],
)
def test_what_a_field_does_not_take(kind: Kind, field: str, given: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        FORMS[kind].field(field).value(given)


@pytest.mark.parametrize(
    ("kind", "old", "over", "told"),
    [
        (Kind.AGENT, None, {"address": "support@helpdesk.example"}, "address of a mailbox of ours"),
        (Kind.AGENT, None, {"address": "Support+x@helpdesk.example"}, "address of a mailbox of ours"),
        (Kind.AGENT, None, {"address": '"jane doe"@x.example'}, "no notice could be sent"),
        (Kind.AGENT, None, {"organizations": ("West",)}, "no organization West in [cases] organizations; there are"),
        (Kind.AGENT, AGENT, {"organizations": ("North", "West")}, "no organization West"),
        (Kind.ACCOUNT, None, {"domains": ("gmail.com",)}, "a freemail domain"),
        (Kind.ACCOUNT, None, {"name": "Other"}, "visitor.example is Visitor Ltd's by [[cases.account]]"),
        (Kind.ACCOUNT, ACCOUNT, {"domains": ()}, "visitor.example stands in [[cases.account]]"),
        (Kind.ACCOUNT, ACCOUNT, {"name": "Visitors"}, "Visitor Ltd stands in [[cases.account]]"),
        (Kind.CONTACT, None, {"addresses": ("a@b.example", "support@helpdesk.example")}, "mailbox of ours"),
        (Kind.CONTACT, CONTACT, {"addresses": ("erin@v.example", "Jane@X.example")}, "is an agent's address: `"),
        (Kind.CONTACT, CONTACT, {"addresses": ()}, "keeps one address at least"),
    ],
)  # fmt: skip
def test_what_the_configuration_says_against_it(kind: Kind, old: Entry | None, over: Entry, told: str) -> None:
    plain = {Kind.AGENT: AGENT, Kind.ACCOUNT: ACCOUNT, Kind.CONTACT: CONTACT}[kind]
    with pytest.raises(Refused) as refused:
        admit(FORMS[kind], old, {**plain, **over}, RULES)
    assert told in str(refused.value)
    assert refused.value.field in FORMS[kind].names


@pytest.mark.parametrize(
    ("kind", "entry"), [(Kind.AGENT, AGENT), (Kind.ACCOUNT, ACCOUNT), (Kind.CONTACT, CONTACT)]
)  # fmt: skip
def test_what_stood_there_before_stays(kind: Kind, entry: Entry) -> None:
    """An organization, an address or a domain that the configuration meanwhile speaks against locks nobody out."""
    other = Rules(
        own_keys=frozenset({"erin@v.example", "jane@x.example"}), freemail=frozenset({"visitor.example"}),
        domains={"visitor.example": "Another"},
    )  # fmt: skip
    admit(FORMS[kind], entry, {**entry, "active": False}, other)
    with pytest.raises(Refused):
        admit(FORMS[kind], None, entry, other)


def test_lists_are_added_to_and_taken_from() -> None:
    form = FORMS[Kind.CONTACT]
    change = Change(
        {"name": "E."}, {"addresses": ("B@x.example", "ERIN2@v.example")}, {"addresses": ("Erin@V.example",)}
    )
    old: Entry = {"addresses": ("erin@v.example", "erin2@v.example"), "name": "Erin"}
    assert changed(form, old, change) == {"addresses": ("B@x.example", "erin2@v.example"), "name": "E."}
    with pytest.raises(Refused, match=r"z@x.example is not among the addresses: erin@v.example"):
        changed(form, CONTACT, Change(remove={"addresses": ("z@x.example",)}))


def test_an_entry_is_not_looked_for_by_what_is_no_text() -> None:
    with pytest.raises(Refused, match="the account's name cannot be read: character 4 is no UTF-8"):
        FORMS[Kind.ACCOUNT].compared("caf\udce9")


@pytest.mark.parametrize(
    "given", ["a@b.example\r\nBcc: q@q.example", "a b@c.example", '"a b"@c.example', "a..b@c.example"]
)
def test_a_contact_of_a_persons_hand_can_be_written_to(given: str) -> None:
    form, entry = FORMS[Kind.CONTACT], {**CONTACT, "addresses": (given,)}
    with pytest.raises(Refused, match="nobody could write to"):
        admit(form, CONTACT, entry, RULES)
    admit(form, entry, entry, RULES)  # it came by mail


def test_a_new_entry_says_what_it_must_and_has_a_name() -> None:
    with pytest.raises(Refused, match="a new agent needs name"):
        FORMS[Kind.AGENT].filled({"address": "jane@x.example"})
    assert FORMS[Kind.CONTACT].filled({"addresses": ("b@x.example", "a@x.example")}) == {
        "addresses": ("b@x.example", "a@x.example"), "name": "b@x.example", "language": "", "timezone": "",
        "account": "", "active": True,
    }  # fmt: skip
    assert FORMS[Kind.CONTACT].named({"addresses": ("b@x.example",), "name": ""}, CONTACT)["name"] == "Erin"
