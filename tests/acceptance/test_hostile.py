"""Every hostile mail goes the whole road: a parser process, a store, what is shown, and what would leave.

In this process, so that what was read can be looked at and the store be asked: SQLite of all of them, PostgreSQL of
what it might refuse. From a real server through the real program they go in test_hostile_daemon. No clock here: what
must hold is the outcome and the bounds of what is read, stored and sent, with the memory of the parser process limited.
`make soak PART=hostile` measures time and memory, and takes mails of 50 MB.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio

from mailcase.cases.statuses import StatusTable
from mailcase.intake import headers, structure
from mailcase.intake.body import LONGEST
from mailcase.intake.offered import offered
from mailcase.intake.reader import Reader, ReadFailure
from mailcase.intake.references import MOST
from mailcase.message import Email
from mailcase.outbox import guard
from mailcase.outbox.mime import envelope
from mailcase.outbox.wire import wire_address
from mailcase.ports import Reading
from mailcase.store.store import Store
from tests import agents_road, road
from tests.builders import NOW
from tests.contract.store_kit import arrival
from tests.hostile import HOSTILE, Hostile
from tests.hostile.expanding import CODECS, EXPANDED
from tests.hostile.injection import VICTIM
from tests.hostile.unclean import UNCLEAN
from tests.servers.postgres import PostgresServer
from tests.servers.scene import header_of

FILES = road.make_bench().policy.attachments
SHORT = 20_000  # bytes: longer ones are not shown to a person, and their HTML is not read once more
MEMORY = 200 << 20  # bytes that reading one of them may take in the parser process
PACKED_MEMORY = 20 << 20  # and one that is packed (F23): less than any of them would become
CUSTOMER = "erin@visitor.example"
#: What one database takes and another may refuse: unclean text in every field, and long values. SQLite gets all.
REFUSABLE = frozenset(one.name for one in UNCLEAN if " in every " in one.name or "surrogate" in one.name) | {
    "a folded header of 1 MB",
    "a line of 2 MB",
    "20,000 references",
    "50,000 recipients",
}
Told = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def raws() -> dict[str, bytes]:
    return {name: one.make() for name, one in HOSTILE.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def found(raws: dict[str, bytes]) -> AsyncIterator[dict[str, Email]]:
    """Each of them, as a parser process with little memory reads it."""
    yield await read_all(raws, MEMORY)


async def read_all(raws: dict[str, bytes], memory: int) -> dict[str, Email]:
    """Read them in one parser process, and none may fail."""
    reader = Reader(workers=1, memory=memory, timeout=120.0)
    try:
        results = await reader.read_many(list(raws.values()))
    finally:
        await reader.close()
    read = dict(zip(raws, results, strict=True))
    assert not {name: one.error for name, one in read.items() if isinstance(one, ReadFailure)}
    return {name: one for name, one in read.items() if isinstance(one, Email)}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("hostile")
    url = "sqlite:///mailcase.db"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.database()
    Store.upgrade(url, folder)
    opened = Store.open(url, folder)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def told(store: Store, raws: dict[str, bytes], found: dict[str, Email]) -> Told:
    """What the store tells of each, once all are decided, fifty in a batch."""
    bench = road.make_bench()
    names = [name for name in raws if name in REFUSABLE] if store._engines.is_postgres else list(raws)
    rows = store.journal([arrival(f"1:{at}", raws[name]) for at, name in enumerate(names, 1)], None)
    readings = [Reading(row.delivery, found[name]) for row, name in zip(rows, names, strict=True)]
    settled = [one for at in range(0, len(rows), 50) for one in store.settle(readings[at : at + 50], bench, NOW)]
    assert not [f"{name}: {one.error}" for name, one in zip(names, settled, strict=True) if one.error]
    return {name: store.message_show(row.delivery.id) for name, row in zip(names, rows, strict=True)}


def test_each_has_the_outcome_that_it_deserves(told: Told) -> None:
    got = {name: one["outcome"] for name, one in told.items()}
    wanted = {name: HOSTILE[name].outcome or outcome for name, outcome in got.items()}
    assert got == wanted


def test_each_is_answered_or_not_as_it_deserves(told: Told) -> None:
    wanted = {name: HOSTILE[name].answered for name in told if HOSTILE[name].answered is not None}
    assert {name: bool(told[name]["acknowledge"]) for name in wanted} == wanted


def test_what_is_stored_and_shown_is_clean(told: Told, store: Store) -> None:
    for name, one in told.items():
        road.must_be_clean(name, {key: value for key, value in one.items() if key != "raw"})
        if len(one["text"]) + len(one["attachments"]) < SHORT // 10:
            road.must_be_clean(name, road.rendered({**one, "attachments": offered(one["attachments"], FILES)}))
    road.must_be_clean("the lists", [store.message_list(), store.case_list(StatusTable()), store.outbox_list()])
    road.must_be_clean("the export", store.export_contact(CUSTOMER))


def test_what_is_kept_of_each_is_bounded(found: dict[str, Email]) -> None:
    for name, one in found.items():
        assert len(one.text) <= LONGEST, name
        assert len(one.html) <= LONGEST, name
        assert len(one.headers) <= headers.MOST, name
        assert sum(len(value) for _, value in one.headers) <= headers.TOTAL + headers.STUB * headers.MOST, name
        assert len(one.attachments) <= structure.MOST_PARTS, name
        assert max(len(one.references), len(one.in_reply_to)) <= MOST, name
        assert len(one.subject) <= 10_000, name


def test_what_leaves_is_exactly_ours_and_goes_to_the_sender_alone(told: Told, store: Store) -> None:
    left = store.due(NOW, 1_000)
    assert left
    senders = {one["id"]: one for one in store.outbox_list()}
    for row in left:
        ready = envelope(row, null_sender=True)
        guard.check(row, ready)
        names = [line.partition(b":")[0].lower().decode() for line in road.header_lines(ready.data)]
        assert set(names) <= road.OURS
        assert len(names) == len(set(names))
        assert VICTIM.decode() not in ready.recipients
        assert list(ready.recipients) == [wire_address(senders[row.id]["to"]).text]
    assert told


def test_as_an_agents_answer_each_does_what_it_may_and_sends_what_is_ours(found: dict[str, Email]) -> None:
    """Pure (tests/agents_road.py); through the store and the real program they go in test_hostile_daemon."""
    bench = road.make_bench()
    acts = Counter(act for one in found.values() for act in agents_road.answer(one, bench))
    assert acts["reply"] > 300


def test_no_name_of_an_attachment_is_a_path_or_a_line(found: dict[str, Email]) -> None:
    names = [part.name for one in found.values() for part in one.attachments]
    assert len(names) > 5_000
    for name in names:
        assert not set(name) & set('/\\\x00\r\n:*?"<>|\u202e\u2066\u200b')
        assert name.strip(". ") == name != ""
        assert len(name.encode()) <= 240
    for one in found.values():
        listed = [part.name.lower() for part in one.attachments]
        assert len(set(listed)) == len(listed)


class Tags(HTMLParser):
    """Collects what cleaned HTML still says."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [(tag, name, value or "") for name, value in attrs] or [(tag, "", "")]


ACTIVE = frozenset(
    "script style svg math iframe object embed applet link meta base form input button video audio template".split()  # noqa: SIM905  reads better so
)
LOADS = frozenset("src srcset background poster data action formaction ping cite style id class name".split())  # noqa: SIM905  as above


def test_cleaned_html_runs_and_loads_nothing(found: dict[str, Email]) -> None:
    """Read by another parser than the one that cleaned it (F32)."""
    cleaned = {name: one.html_clean for name, one in found.items() if one.html_clean}
    assert len([name for name in cleaned if name.startswith("markup")]) > 50
    for name, html in cleaned.items():
        if len(html) > 10 * SHORT:  # a hundred thousand times the same
            continue
        tags = Tags()
        tags.feed(html)
        for tag, attribute, value in tags.seen:
            scheme = value.strip().lower().partition(":")[0]
            assert tag not in ACTIVE, name
            assert not attribute.startswith("on"), name
            assert attribute not in LOADS or (tag == "img" and scheme == "cid"), (name, tag, attribute, value)
            assert attribute != "href" or scheme in {"http", "https", "mailto", "tel", "cid"}, (name, value)


async def test_nothing_that_is_packed_is_unpacked(found: dict[str, Email], raws: dict[str, bytes]) -> None:
    """Not even to throw it away: there is no room for it."""
    packed = {
        name: raw for name, raw in raws.items() if name.startswith("charset=") or name in ("zip bomb", "gzip part")
    }
    assert len(packed) > 15
    assert PACKED_MEMORY < EXPANDED
    for name, one in (await read_all(packed, PACKED_MEMORY)).items():
        assert len(one.text) + sum(part.size for part in one.attachments) <= one.size, name
    words = {name: str(header_of(raws[name])["Subject"]) for name in found if name.startswith("subject in ")}
    assert len(words) == len(CODECS)
    for name, word in words.items():
        assert len(found[name].subject) <= len(word), name  # shorter than any cut of what it would become


def test_every_row_of_the_table_has_a_name_of_its_own() -> None:
    assert all(isinstance(one, Hostile) and name == one.name for name, one in HOSTILE.items())
    assert len(HOSTILE) > 400
