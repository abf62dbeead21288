"""Words of an erased person leave SQLite's index in steps, whenever the program dies in between (GDPR)."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mailcase.store import erase_door
from mailcase.store.life import erasure
from mailcase.store.store import Store
from tests.contract.reading_kit import open_case
from tests.contract.store_kit import NOW, Desk
from tests.contract.test_life_erase import forget


@pytest.mark.parametrize("url", ["sqlite:///mailcase.db"])
def test_a_kill_between_the_rows_and_the_index_leaves_no_word(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon's start goes on; the index of a store with many words takes several steps."""
    open_case(desk, "a", subject="hello", text="zeppelinfahrt")
    for number in range(40):
        text = " ".join(f"word{number}x{one}" for one in range(400))
        open_case(desk, f"m{number}", subject="filler", text=text, sender=f"c{number}@firm.example")
    steps: list[int] = []

    def step(conn: Connection) -> bool:
        steps.append(1)
        return erasure.forget_words(conn)

    monkeypatch.setattr(erasure, "_PAGES", 3)
    with monkeypatch.context() as killed:
        killed.setattr(type(desk.store), "sweep_erased", lambda *_: None)
        forget(desk.store)
    assert b"zeppelin" in index_of(desk.store)
    monkeypatch.setattr(erase_door, "forget_words", step)
    desk.store.sweep_erased(NOW)
    assert (b"zeppelin" in index_of(desk.store), b"filler" in index_of(desk.store)) == (False, True)
    assert len(steps) > 2
    steps.clear()
    desk.store.sweep_erased(NOW)  # nothing is left to do
    assert steps == []


def index_of(store: Store) -> bytes:
    with store._engines.read() as conn:
        return b"".join(conn.execute(sa.text("SELECT block FROM case_search_data")).scalars())
