"""Files of an agent's mail go along with his reply, out of the raw mail; mails that agents forward are of customers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.intake.extract import taken_out
from mailcase.life.case_state import Actor
from mailcase.life.changes import SendReply
from mailcase.life.happening import What
from mailcase.life.notice_rules import NoticeChange, merged
from mailcase.policy import AttachmentPolicy
from mailcase.store import tables as t
from mailcase.store.life.notify import send_reply
from mailcase.store.store import Store
from tests.contract.agent_kit import ERIN, SAID, Case, kept
from tests.contract.notice_kit import JANE, Bureau, letter

FINN = "finn@guest.example"
FINAL = ("Closed", "Canceled")
LIMITS = AttachmentPolicy(frozenset({"png", "txt", "eml"}), 2, 1000, 1500)
FORWARDED = (
    "Please have a look.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Finn Example <finn@guest.example>\r\n"
    "Date: Tue, 3 Nov 2026 at 09:05\r\nSubject: Mouse\r\nTo: <jane@helpdesk.example>\r\n\r\nMy mouse is broken.\r\n"
)


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return Bureau.of(store, attachments=LIMITS)


def part(name: str, content: bytes, kind: str = "image/png", how: str = "attachment") -> str:
    return (
        f'--b\r\nContent-Type: {kind}\r\nContent-Disposition: {how}; filename="{name}"\r\nContent-ID: <{name}>\r\n'
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{content.decode('latin-1')}\r\n"
    )


def mixed(case: Case, body: str, *parts: str, kind: str = "text/plain") -> Any:
    """An answer of jane's with files."""
    text = f"--b\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}\r\n"
    return case.sends(f"{text}{''.join(parts)}--b--\r\n", Content_Type="multipart/mixed; boundary=b")


TXT = part("list.txt", b"one\r\ntwo", "text/plain")


def test_files_go_along_out_of_the_raw_mail(bureau: Bureau) -> None:
    case = Case(bureau)
    assert mixed(case, SAID, TXT).reason == "agent_mail"
    (reply,) = bureau.rows("reply")
    (file,) = reply.files
    assert (file["name"], file["type"], file["part"]) == ("list.txt", "text/plain", "2")
    raw = bureau.store.raw(file["sha256"])
    assert SAID.encode() in raw
    assert taken_out(raw, file["part"]).strip() == b"one\r\ntwo"
    (due,) = [one for one in bureau.store.due(bureau.post.at, 50) if one.kind == "reply"]
    assert [(one.name, one.part) for one in due.files] == [("list.txt", "2")]
    assert (case.told(), case.events("note")) == ([("reply", ERIN)], [])


@pytest.mark.parametrize(
    ("files", "along", "named"),
    [
        ([TXT, part("fix.exe", b"MZ")], ["list.txt"], "fix.exe: its type is not among"),
        ([TXT, part("large.txt", b"x" * 1001)], ["list.txt"], "large.txt: it is larger than"),
        ([TXT, part("2.txt", b"x"), part("3.txt", b"x")], ["list.txt", "2.txt"], "3.txt: [attachments] max_count is 2"),
        ([TXT, part("n.eml", b"Subject: x\r\n\r\ny", "message/rfc822")], ["list.txt"], "n.eml: a mail may hold"),
        ([TXT, part("n.eml", b"Subject: x", "application/octet-stream")], ["list.txt"], "n.eml: a mail may hold"),
    ],
)
def test_what_does_not_go_along_is_named_to_him(bureau: Bureau, files: list[str], along: list[str], named: str) -> None:
    case = Case(bureau)
    mixed(case, SAID, *files)
    assert [one["name"] for one in bureau.rows("reply")[0].files] == along
    assert case.told() == [("reply", ERIN), ("partly_done", JANE)]
    told = " ".join(bureau.rows("partly_done")[0].text.split())
    assert f"your words on the case SR-1 go to {ERIN}: do not send them again" in told
    assert named in told
    assert SAID not in told
    (note,) = case.events("note")
    assert (note["text"], note["sent"], named in note["reason"]) == ("", True, True)
    (mine,) = case.found(t.case_message, t.case_message.c.message_pk == sent_in(bureau))
    assert mine.how == "linked"  # what went out is no note


def sent_in(bureau: Bureau) -> Any:
    """The row of jane's mail."""
    mine = sa.select(t.message.c.id).where(t.message.c.sender_key == JANE, t.message.c.direction == "in")
    with bureau.store._engines.read() as conn:
        return conn.execute(mine).scalar_one()


def test_a_picture_in_the_text_goes_along_last_and_is_never_named(bureau: Bureau) -> None:
    logos = [part(f"logo{number}.png", b"x", how="inline") for number in range(3)]
    case = Case(bureau)
    shown = "".join(f'<img src="cid:logo{number}.png">' for number in range(3))
    mixed(case, f"<p>{SAID}</p>{shown}", logos[0], TXT, *logos[1:], kind="text/html")
    assert [one["name"] for one in bureau.rows("reply")[0].files] == ["list.txt", "logo0.png"]
    assert case.told() == [("reply", ERIN)]


def test_files_alone_are_no_answer(bureau: Bureau) -> None:
    case = Case(bureau)
    mixed(case, "", TXT)
    kept(case, "the mail says nothing", verified=True)


@pytest.mark.parametrize("command", ["#resolve", "#wait"])
def test_what_the_customer_is_told_without_his_files_is_said(bureau: Bureau, command: str) -> None:
    case = Case(bureau)
    mixed(case, f"{command} {SAID}", TXT)
    assert [kind for kind, _ in case.told()] == [{"#resolve": "resolved", "#wait": "waiting"}[command], "partly_done"]
    assert "list.txt" in bureau.rows("partly_done")[0].text


@pytest.mark.parametrize("command", ["#resolve", "#wait"])
def test_a_question_that_does_not_go_out_is_said(bureau: Bureau, command: str) -> None:
    case = Case(bureau)
    bureau.set(case.running, first_kind="bulk")
    mixed(case, f"{command} {SAID}", TXT)
    assert case.told() == [("kept_as_note", JANE)]
    told = " ".join(bureau.rows("kept_as_note")[0].text.split())
    assert f"{command[1:]}: done, but {ERIN} is not told (not a person)" in told
    assert "list.txt" not in told  # nothing went out that a file could have gone along with


@pytest.mark.parametrize(("command", "rule"), [("#wait", "waiting"), ("#resolve", "resolved")])
@pytest.mark.parametrize("lacks", ["contact", "rule"])
def test_a_question_of_which_no_mail_comes_about_is_said(bureau: Bureau, command: str, rule: str, lacks: str) -> None:
    case = Case(bureau)
    if lacks == "contact":
        bureau.set(case.running, contact_id=None)
    else:
        bureau.post.rules = replace(bureau.post.rules, notices=merged([NoticeChange(rule, enabled=False)]))
    case.answer(f"{command} {SAID}")
    assert case.told() == [("kept_as_note", JANE)]
    told = " ".join(bureau.rows("kept_as_note")[0].text.split())
    assert f"{command[1:]}: done, but the customer is not told" in told


def test_retention_leaves_a_mail_whose_files_wait(bureau: Bureau) -> None:
    case = Case(bureau)
    mixed(case, f"#close\n{SAID}", TXT)
    bureau.set(case.running, updated_at=bureau.post.at - timedelta(days=9))
    with bureau.writes() as conn:
        conn.execute(sa.update(t.delivery).values(journalled_at=bureau.post.at - timedelta(days=9)))
    (file,) = bureau.rows("reply")[0].files
    assert file["sha256"] not in purged(bureau)
    assert bureau.store.raw(file["sha256"])
    with bureau.writes() as conn:
        conn.execute(sa.update(t.outbox).where(t.outbox.c.kind == "reply").values(state="sent"))
    assert file["sha256"] in purged(bureau)


def purged(bureau: Bureau) -> set[str]:
    """What one round of retention took."""
    now, before = bureau.post.at, bureau.post.at - timedelta(days=1)
    found = bureau.store.expired_raw(before, FINAL, 0)
    bureau.store.purge_raw(found.hashes, before, FINAL, now)
    with bureau.store._engines.read() as conn:
        return set(conn.execute(sa.select(t.raw.c.sha256).where(t.raw.c.purged_at.is_not(None))).scalars())


def test_html_alone_is_read_as_its_words(bureau: Bureau) -> None:
    case = Case(bureau)
    quoted = "<br>".join(case.notice.text.splitlines())
    head = "On Tue, 3 Nov 2026 at 09:10, Help desk &lt;support@helpdesk.example&gt; wrote:"
    html = (
        f'<html><body><p>#priority&nbsp;high</p><p>{SAID}</p><div class="gmail_quote"><div>{head}</div>'
        f"<blockquote>{quoted}</blockquote></div></body></html>"
    )
    assert case.sends(html, Content_Type="text/html; charset=utf-8").reason == "agent_mail"
    assert (case.told(), case.row.priority) == ([("reply", ERIN)], "High")
    assert bureau.rows("reply")[0].text.startswith(f"{SAID}\n\nJane Roe\n")


def forward(bureau: Bureau, **over: Any) -> int:
    """jane forwards a mail of Finn's; the case that it makes."""
    mail = letter("forward", sender=JANE, subject="Fwd: Mouse", body=FORWARDED, date=bureau.post.at, **over)
    made = bureau.post.deliver(mail)
    assert made.outcome == "created"
    return int(str(made.case).removeprefix("SR-"))


def states(bureau: Bureau, *kinds: str) -> list[tuple[str, str, str, str]]:
    return [(row.kind, row.to, row.state, row.reason) for row in bureau.rows(*kinds)]


def test_a_forwarded_mail_makes_the_customers_case_and_nothing_is_sent(bureau: Bureau) -> None:
    running = forward(bureau)
    assert states(bureau) == []
    bureau.tell(What.IN_PROGRESS, running)
    assert states(bureau) == [("in_progress", FINN, "suppressed", "sender_unverified")]
    with bureau.writes() as conn:  # a person who answers means it
        actor = Actor(JANE)
        send_reply(conn, bureau.post.bench, running, SendReply("Hello Finn."), (), actor, "act:1:5", bureau.post.at)
    (reply,) = bureau.rows("reply")
    assert (reply.to, reply.state) == (FINN, "pending")
    answer = letter("finn", sender=FINN, In_Reply_To=reply.message_id, body="Thanks.", date=bureau.post.at)
    assert bureau.post.deliver(answer).outcome == "linked"
    bureau.tell(What.WAITING, running, 7)
    assert states(bureau, "waiting") == [("waiting", FINN, "pending", "")]


def test_a_trusted_servers_word_makes_him_a_customer_like_any(store: Store) -> None:
    bureau = Bureau.of(store, trusted_authserv_ids=frozenset({"mx.helpdesk.example"}))
    running = forward(bureau, Authentication_Results="mx.helpdesk.example; dmarc=pass header.from=helpdesk.example")
    assert states(bureau) == []  # this mail is not acknowledged even so: the address stands in a text
    bureau.tell(What.IN_PROGRESS, running)
    assert states(bureau) == [("in_progress", FINN, "pending", "")]


def test_a_forged_forward_is_the_forgers_own_matter(store: Store) -> None:
    bureau = Bureau.of(store, trusted_authserv_ids=frozenset({"mx.helpdesk.example"}))
    running = forward(bureau, Authentication_Results="mx.helpdesk.example; dmarc=fail header.from=helpdesk.example")
    bureau.tell(What.IN_PROGRESS, running, by="")
    assert FINN not in {row.to for row in bureau.rows()}
