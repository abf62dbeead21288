"""The book in which a batch is written: each mail with its truth; ids, people and dates by key for later answers."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.three_hundred.people import FIRST, LAST, LINES, THINGS, TROUBLES, Person
from tests.acceptance.three_hundred.truth import ADDRESS, ANY, Mail, Past, Truth
from tests.acceptance.three_hundred.writing import Letter, write

START = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class Book:
    """Writes mails; everything that chance decides comes from the seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.past = Past()
        self.mails: list[Mail] = []  # of the batch under way
        self.all: dict[str, Mail] = {}
        self.letters: dict[str, Letter] = {}
        self._people = 0

    # what chance decides

    def person(self, domain: str = "") -> Person:
        """Somebody new, alone in a domain of his own."""
        self._people += 1
        first, last = self.chance.choice(FIRST), self.chance.choice(LAST)
        host = domain or f"{last.lower()}{self._people}.example"
        return Person(f"{first} {last}", f"{first.lower()}.{last.lower()}{self._people}@{host}")

    def subject(self) -> str:
        return f"The {self.chance.choice(THINGS)} {self.chance.choice(TROUBLES)}"

    def body(self) -> str:
        """A few sentences with a word of their own, by which a leak would be found."""
        mark = f"zq{self.chance.randrange(16**8):08x}"
        return "\n".join((*self.chance.sample(LINES, 3), f"The label says {mark}.", ""))

    def mid(self, domain: str) -> str:
        return f"<{self.chance.randrange(16**16):016x}@{domain}>"

    # a mail

    def put(
        self,
        key: str,
        rule: str,
        truth: Truth,
        who: Person | None = None,
        *,
        box: str = "support",
        received: datetime | None = None,
        pair: str = "",
        edit: Sequence[tuple[bytes, bytes]] = (),
        **letter: Any,
    ) -> None:
        """Write one mail into the batch; `edit` replaces bytes of the finished mail."""
        one = who or self.person()
        date = START + timedelta(minutes=len(self.all) * 3 + self.chance.randrange(3))
        shipped: dict[str, Any] = {"subject": self.subject(), "body": self.body(), "date": date, "to": ADDRESS[box]}
        made = Letter(who=one, **{**shipped, "message_id": self.mid(one.domain), **letter})
        raw = write(made)
        for old, new in edit:
            assert old in raw, (key, old)
            raw = raw.replace(old, new, 1)
        self.keep(Mail(key, box, raw, truth, rule, received, pair, made.message_id), made)

    def keep(self, mail: Mail, letter: Letter) -> None:
        """Note a finished mail."""
        assert mail.key not in self.all, mail.key
        truth = mail.truth
        if truth.ack and not truth.ack_from:
            truth = replace(truth, ack_from=ADDRESS[mail.box])
        self.all[mail.key] = replace(mail, truth=truth)
        self.letters[mail.key] = letter
        self.mails.append(self.all[mail.key])

    def raw(self, key: str, rule: str, truth: Truth, raw: bytes, box: str = "support") -> None:
        """A mail whose bytes are given."""
        nobody = Letter(who=self.person(), subject="", body="", date=None, message_id="")
        self.keep(Mail(key, box, raw, truth, rule), nobody)

    def new(self, key: str, rule: str = "B9", who: Person | None = None, *, ack: bool = True, **how: Any) -> None:
        """A person's mail that makes a case."""
        one = who or self.person()
        self.put(key, rule, Truth(outcome="created", case=key, ack=one.address if ack else ""), one, **how)

    def quiet(self, key: str, rule: str, kind: str, who: Person | None = None, **how: Any) -> None:
        """Automatic mail that makes a case and is not acknowledged."""
        self.put(key, rule, Truth(outcome="created", kind=kind, case=key), who, **how)

    def ignored(
        self, key: str, rule: str, reason: str, kind: str = "person", who: Person | None = None, **how: Any
    ) -> None:
        """A mail that is recorded and makes no case."""
        self.put(key, rule, Truth(outcome="ignored", kind=kind, reason=reason), who, **how)

    def again(self, key: str, first: str, edit: Sequence[tuple[bytes, bytes]] = (), box: str = "") -> None:
        """The same mail once more, come by another way."""
        old = self.all[first]
        raw = old.raw
        for here, there in edit:
            assert here in raw, (key, here)
            raw = raw.replace(here, there, 1)
        truth = Truth(outcome="duplicate", kind=ANY, case=ANY, by=ANY)
        self.keep(replace(old, key=key, raw=raw, truth=truth, rule="B2", box=box or old.box), self.letters[first])

    # answers

    def who(self, key: str) -> Person:
        return self.letters[key].who

    def answer(self, key: str, parent: str, rule: str, truth: Truth, who: Person | None = None, **how: Any) -> None:
        """An answer to the mail of a customer, as most mail programs write it."""
        old = self.letters[parent]
        known = next((value for name, value in old.headers if name == "References"), "")
        refs = f"{known} {old.message_id}".strip()
        extra = how.pop("headers", ())
        headers = (("In-Reply-To", old.message_id), ("References", refs), *extra)
        subject = how.pop("subject", f"Re: {old.subject.removeprefix('Re: ')}")
        self.put(key, rule, truth, who or old.who, subject=subject, headers=headers, **how)

    def answer_ack(self, key: str, parent: str, rule: str, truth: Truth, who: Person | None = None, **how: Any) -> None:
        """An answer to our acknowledgement."""
        sent = self.past.sent[parent]
        refs = " ".join((*sent.references, sent.message_id))
        extra = how.pop("headers", ())
        headers = (("In-Reply-To", sent.message_id), ("References", refs), *extra)
        subject = how.pop("subject", f"AW: {sent.subject}")
        self.put(key, rule, truth, who or self.who(parent), subject=subject, headers=headers, **how)
