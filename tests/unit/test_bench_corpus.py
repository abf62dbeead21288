"""The corpus of the benchmarks: the same for the same seed, in the promised shares, with a truth that holds."""

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from bench.corpus import Mail, corpus, message_id, number
from bench.odd import BROKEN
from bench.people import BLACKLIST
from bench.plan import SHARES, plan
from bench.table import keep, table
from bench.truth import marks
from bench.words import CHARSETS, TONGUES
from bench.workshop import letters, workshop
from mailcase.intake.parse import read
from mailcase.junk.blacklist import Blacklist

MANY = 500


@pytest.fixture(scope="module")
def mails() -> list[Mail]:
    return list(corpus(MANY))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(mails: Sequence[Mail]) -> None:
    again = list(islice(corpus(MANY), 40))
    other = list(islice(corpus(MANY, seed=5), 40))
    assert again == mails[:40]
    assert not {mail.raw for mail in other} & {mail.raw for mail in again}


def test_every_kind_has_its_share(mails: Sequence[Mail]) -> None:
    kinds = Counter(mail.truth.wish.kind for mail in mails)
    assert kinds == {kind: share * MANY // 100 for kind, share in SHARES.items()}


def test_sizes_attachments_and_new_senders_are_as_promised(mails: Sequence[Mail]) -> None:
    sizes = [len(mail.raw) for mail in mails]
    assert 3_500 < statistics.median(sizes) < 7_000
    assert 25_000 < statistics.mean(sizes) < 55_000
    assert max(sizes) < 1_050_000
    assert 0.2 < sum(mail.truth.attachments > 0 for mail in mails) / MANY < 0.3
    assert 0.53 < sum(mail.truth.wish.stranger for mail in mails) / MANY < 0.67


def test_eight_languages_and_thirteen_charsets_occur(mails: Sequence[Mail]) -> None:
    assert {mail.truth.language for mail in mails} == set(TONGUES)
    assert {mail.truth.charset for mail in mails} == CHARSETS
    assert (len(TONGUES), len(CHARSETS)) == (8, 13)


def test_a_mail_answers_and_names_only_what_came_before_it() -> None:
    wishes = list(plan(MANY, 4))
    founders = [wish for wish in wishes if wish.kind == "new"]
    for wish in wishes:
        assert all(index < wish.index for index in wish.chain)
        assert {wishes[index].case for index in wish.chain} <= {wish.case}
        if wish.number is not None:
            assert founders[wish.number - 1].index == wish.case
            assert wishes[: wish.number] == founders[: wish.number]  # any program numbers them so


def test_replies_name_their_parents_in_the_headers_that_the_truth_tells(mails: Sequence[Mail]) -> None:
    forms = Counter(mail.truth.wish.form for mail in mails if mail.truth.wish.kind == "reply")
    assert forms["references"] > 15
    assert forms["in_reply_to"] > 5
    for mail in mails[:150]:
        wish = mail.truth.wish
        if wish.kind == "reply":
            head = mail.raw.partition(b"\r\n\r\n")[0]
            assert message_id(wish.chain[-1], 4).encode() in head
            assert (b"\r\nIn-Reply-To:" in head) is (wish.form != "references")
            assert (b"\r\nReferences:" in head) is (wish.form != "in_reply_to")


def test_a_number_stands_where_the_truth_says_and_nowhere_else(mails: Sequence[Mail]) -> None:
    for mail in mails[:150]:
        wish = mail.truth.wish
        if wish.kind in ("subject", "body"):
            email = read(mail.raw)
            named = number(wish.number or 0)
            assert (f"[{named}]" in email.subject) is (wish.kind == "subject")
            assert (named in email.text) is (wish.kind == "body")
        elif wish.kind != "automatic":
            assert b"SR-" not in mail.raw


def test_only_blacklisted_senders_stand_on_the_blacklist(mails: Sequence[Mail]) -> None:
    blacklist, today = Blacklist.parse("\n".join(BLACKLIST)), date(2026, 3, 2)
    for mail in mails:
        assert blacklist.judge((mail.truth.sender,), today).blocked is (mail.truth.wish.kind == "blacklisted")


def test_every_way_to_break_a_mail_changes_it() -> None:
    whole = next(mail.raw for mail in corpus(50) if mail.truth.wish.kind == "new")
    assert all(broken(whole) != whole for broken in BROKEN.values())


def test_the_truth_tells_right_from_wrong(mails: Sequence[Mail]) -> None:
    truths = [mail.truth for mail in mails]
    right = {one.wish.index: f"SR-{one.wish.case}" for one in truths if one.wish.case is not None}
    answered = {f"SR-{one.wish.index}" for one in truths if one.wish.acknowledge}
    perfect = marks(truths, right, answered)
    assert (perfect.right, perfect.answered_right) == (MANY, perfect.answers)

    reply = next(one.wish for one in truths if one.wish.kind == "reply")
    junk = next(one.wish for one in truths if one.wish.kind == "blacklisted")
    wrong = marks(truths, {**right, reply.index: "SR-x", junk.index: "SR-y"}, {*answered, f"SR-{junk.index}", "SR-y"})
    assert wrong.wrong == {"reply": 1, "blacklisted": 1}
    assert wrong.answered_right == wrong.answers - 1


def test_mailcase_puts_a_small_corpus_where_the_truth_says(tmp_path: Path) -> None:
    found, _ = letters(corpus(100))
    with workshop(tmp_path) as shop:
        shop.commit(found)
        assert shop.marks(found).wrong == {}


def test_a_measurement_replaces_its_own_place_and_leaves_the_prose(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- bench a -->\nold\n<!-- /bench a -->\nafter <!-- bench b --><!-- /bench b -->\n")
    keep("a", table(("", "mails/s"), [("fetch", 9)]), page)
    lines = "|       | mails/s |\n| ----- | ------: |\n| fetch |       9 |"
    between = f"<!-- bench a -->\n{lines}\n<!-- /bench a -->"
    assert page.read_text() == f"before\n{between}\nafter <!-- bench b --><!-- /bench b -->\n"
    with pytest.raises(ValueError, match="no place for c"):
        keep("c", [], page)
