"""Forgetting a person: nothing of him is left, nothing of him comes back, and he may write anew (GDPR, B2)."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from mailcase.errors import Permanent
from mailcase.health.letters import Letter
from mailcase.health.notices import notices, way_out
from mailcase.store import tables as t
from mailcase.store.engine import Engines
from mailcase.store.store import Store
from tests.contract.post import Post, dump
from tests.contract.store_kit import arrival
from tests.servers.letters import bounce_of, letter

KEY, AGENT, ERIN = b"k" * 32, "agent@helpdesk.example", "erin.secret@visitor.example"
#: What no SQL of one database alone decides is tried on one.
ON_SQLITE = pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
FIRST = letter(1, sender=ERIN, subject="Xylophone", body="The quokka is loose.", message_id=f"<1.{ERIN}>")
#: What must be nowhere afterwards.
WORDS = ("erin.secret", "Xylophone", "quokka", "zeppelin")


@pytest.fixture
def post(store: Store) -> Post:
    """Erin wrote twice, her address bounced once; Bob has a case of his own and wrote on hers."""
    made = Post(store)
    made.deliver(FIRST)
    made.write(2, subject="Case of Bob")
    made.deliver(letter("1b", sender=ERIN, subject="Re: Xylophone", body="A zeppelin.", In_Reply_To=f"<1.{ERIN}>"))
    made.deliver(bounce_of(made.ours("SR-1"), ERIN))
    made.write(3, subject="Me too [SR-1]", body="I saw it as well.")
    return made


@ON_SQLITE
def test_the_dry_run_counts_and_changes_nothing(post: Post) -> None:
    before = dump(post.store)
    known = post.store.known_of(ERIN)
    assert (known.addresses, known.cases, known.messages, known.sent) == ((ERIN,), 1, 3, 1)
    assert (known.outbox, known.deliveries, known.quoting, known.suppressed) == (1, 3, 0, True)
    assert dump(post.store) == before


def test_nothing_of_the_person_is_left_and_the_case_stays_as_a_number(post: Post) -> None:
    post.store.forget(ERIN, KEY, post.at, AGENT)
    left = repr(dump(post.store))
    assert [word for word in WORDS if word in left] == []
    case = post.case("SR-1")
    assert (case["title"], case["contact"], case["description"]) == ("erased contact 1", "erased contact 1", "")
    assert (case["events"][-1]["event"], case["events"][-1]["data"]) == ("contact_erased", {})
    assert [one["subject"] for one in case["messages"]] == [None, "", None, None, "Me too [SR-1]"]
    assert "Case of Bob" in left
    assert post.store.compact(vacuum=True)
    for delivery in (1, 3, 4):
        with pytest.raises(Permanent, match="removed"):
            post.store.raw(post.store.delivery(delivery).sha256)
    with pytest.raises(Permanent, match="nothing"):
        post.store.known_of(ERIN)


def test_a_mail_delivered_again_is_a_duplicate_of_which_nothing_is_kept(post: Post) -> None:
    post.store.forget(ERIN, KEY, post.at, AGENT)
    again = post.deliver(FIRST)
    assert (again.outcome, again.reason, again.queued) == ("duplicate", "erased", False)
    left = repr(dump(post.store))
    assert [word for word in WORDS if word in left] == []
    with pytest.raises(Permanent, match="removed"):
        post.store.raw(post.store.delivery(again.delivery_id).sha256)


@ON_SQLITE
def test_a_key_that_was_replaced_still_knows_what_was_erased(post: Post) -> None:
    from mailcase.tokens import TokenKeys
    from tests.contract.post import policy

    post.store.forget(ERIN, KEY, post.at, AGENT)
    post.rules = policy(keys=TokenKeys((b"n" * 32, KEY)))
    assert post.deliver(FIRST).reason == "erased"
    post.rules = policy(keys=TokenKeys((b"n" * 32,)))
    assert post.deliver(FIRST).outcome == "created"  # without the key nobody can know it


@ON_SQLITE
def test_the_person_may_write_anew_and_is_another_contact(post: Post) -> None:
    ours = post.ours("SR-1")
    post.store.forget(ERIN, KEY, post.at, AGENT)
    anew = post.deliver(letter("n", sender=ERIN, subject="Re: Hello again", In_Reply_To=ours))
    assert (anew.outcome, anew.case, anew.queued) == ("created", "SR-3", True)
    assert ERIN in post.case("SR-3")["contact"]
    assert post.case("SR-1")["contact"] == "erased contact 1"


@ON_SQLITE
def test_mail_of_others_that_names_the_person_stays_and_is_counted(post: Post) -> None:
    post.write(4, subject="Me three [SR-1]", body=f"I asked {ERIN} about it.")
    assert post.store.forget(ERIN, KEY, post.at, AGENT).quoting == 1
    assert repr(dump(post.store)).count("I asked") >= 1


@ON_SQLITE
def test_a_report_that_belongs_to_no_case_goes_with_the_person_whom_it_names(post: Post) -> None:
    mine, other = (post.deliver(bounce_of(f"<gone.{one}>", one)) for one in (ERIN, f"not.{ERIN}"))
    assert (mine.outcome, mine.reason) == (other.outcome, other.reason) == ("ignored", "report_unmatched")
    assert post.store.known_of(ERIN).messages == 4
    assert mine.delivery_id in {one["delivery_id"] for one in post.store.export_contact(ERIN)["messages"]}
    post.store.forget(ERIN, KEY, post.at, AGENT)
    with pytest.raises(Permanent, match="removed"):
        post.store.raw(post.store.delivery(mine.delivery_id).sha256)
    assert post.store.raw(post.store.delivery(other.delivery_id).sha256)


@ON_SQLITE
def test_the_digests_that_named_the_person_are_empty_and_one_that_waits_loses_his_lines(post: Post) -> None:
    box = post.rules.mailboxes["support"]
    told = f"  Erin <{ERIN}>: Xylophone\n  Bob: Me too"
    for about in ("2026-11-21", "2026-11-22"):
        way = way_out(post.rules, box)
        (one,) = notices("digest", Letter("[mailcase] daily digest: 2 mails", told), about, ["admin@x"], way, box)
        post.store.queue_notice(one, post.at)
    with post.store._engines.write() as conn:
        conn.execute(sa.update(t.outbox).where(t.outbox.c.dedup.contains("11-21")).values(state="sent"))
    post.store.forget(ERIN, KEY, post.at, AGENT)
    with post.store._engines.read() as conn:
        kept = conn.execute(sa.select(t.outbox.c.text).where(t.outbox.c.kind == "digest").order_by(t.outbox.c.id))
        assert list(kept.scalars()) == ["", "erased\n  Bob: Me too"]


@ON_SQLITE
def test_a_sweep_that_finds_nothing_never_takes_the_writers_lock(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.store.forget(ERIN, KEY, post.at, AGENT)
    monkeypatch.setattr(Engines, "write", lambda _: pytest.fail("it was locked"))
    assert post.store.sweep_erased(post.at) == 0


@ON_SQLITE
def test_mail_that_waits_for_the_person_is_never_sent(post: Post) -> None:
    post.deliver(letter("n", sender="new@visitor.example", message_id="<n1@visitor.example>"))
    post.store.forget("new@visitor.example", KEY, post.at, AGENT)
    row = post.store.outbox_list()[-1]
    assert (row["state"], row["reason"], row["to"]) == ("suppressed", "erased", "")
    assert post.store.outbox_list()[1]["state"] == "pending"


def test_mail_in_quarantine_is_known_by_its_headers(post: Post) -> None:
    secret = b"From: Zoe <zoe@visitor.example>\nSubject: xylo\n\nbody of it"
    (row,) = post.store.journal([arrival("9:1", secret)], None)
    (waits,) = post.store.journal([arrival("9:2", secret + b"!")], None)
    post.store.quarantine(row.delivery.id, "broken", post.at, subject="xylo")
    known = post.store.forget("zoe@visitor.example", KEY, post.at, AGENT)
    assert (known.quarantined, known.undecided) == (1, 1)
    assert post.store.message_show(row.delivery.id)["reason"] == "erased"
    assert post.store.quarantine_list() == []
    with pytest.raises(Permanent, match="removed"):
        post.store.raw(row.sha256)
    assert post.store.raw(waits.sha256)


@ON_SQLITE
def test_a_relinking_forgets_who_became_a_participant(post: Post) -> None:
    from mailcase.store.relink import Wanted

    post.store.relink(Wanted(3, "SR-2", AGENT, frozenset({"support@helpdesk.example"}), False), post.at)
    post.store.forget(ERIN, KEY, post.at, AGENT)
    left = repr(dump(post.store))
    assert [word for word in WORDS if word in left] == []


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
@pytest.mark.parametrize("place", ["store", "file:raw/"])
def test_the_files_hold_no_byte_of_it(url: str, place: str, tmp_path: Path) -> None:
    store = Store.open(url, tmp_path, raw=place)
    post = Post(store)
    post.deliver(FIRST)
    for number in range(30):
        post.write(number, body="filler " * 200)
    post.deliver(letter("1b", sender=ERIN, body="A zeppelin. " * 500, In_Reply_To=f"<1.{ERIN}>"))
    assert words_in(tmp_path) == {"erin.secret", "Xylophone", "quokka", "zeppelin"}
    store.forget(ERIN, KEY, post.at, AGENT)
    assert store.compact(vacuum=True)
    assert words_in(tmp_path) == set()
    assert post.deliver(FIRST).reason == "erased"
    store.compact(vacuum=True)
    store.close()
    assert words_in(tmp_path) == set()


def words_in(folder: Path) -> set[str]:
    whole = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    return {word for word in WORDS if word.encode() in whole}


def test_the_export_has_everything_of_the_person_and_nothing_of_others(post: Post) -> None:
    data = post.store.export_contact(ERIN)
    assert [one["addresses"] for one in data["contacts"]] == [[ERIN]]
    assert [one["number"] for one in data["cases"]] == ["SR-1"]
    assert [(one["direction"], one["kind"]) for one in data["messages"]] == [
        ("in", "person"), ("out", "own"), ("in", "person"), ("in", "bounce"),
    ]  # fmt: skip
    assert "quokka" in data["messages"][0]["text"]
    assert ([one["to"] for one in data["outbox"]], [one["reason"] for one in data["suppression"]]) == (
        [ERIN],
        ["hard_bounce"],
    )
    assert "I saw it" not in repr(data)
    first = post.store.contact_list()[0]
    assert (first["addresses"], first["cases"]) == ([ERIN], 1)
