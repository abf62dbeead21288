"""The desk of the three hundred: three mailboxes in two groups, on one Dovecot and one SMTP sink."""

import email
import email.policy
from email.message import EmailMessage

from tests.acceptance.three_hundred.machines import BLACKLIST
from tests.acceptance.three_hundred.truth import CLINIC, IDN_ALIAS, SALES, SUPPORT, Mail, Sent
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import Received, SmtpSink

USERS = {"support": "pass", "sales": "pass", "clinic": "pass"}

_COMMON = """
[security]
trusted_authserv_ids = [{trusted}]
[cases]
retired_masks = ["TICKET#{{0}}"]
freemail = ["freemail.example"]
[[cases.account]]
name = "Firm Ltd"
domains = ["firm.example"]
[linking]
own_lists = ["team.desk.example"]
strangers = "{strangers}"
[junk]
create_cases = {junk}
[[junk.header]]
name = "X-Spam-Flag"
matches = "(?i)^yes"
reason = "spam_header"
[acknowledge]
reopened = {reopened}
"""

_MAILBOX = """
[[mailbox]]
name = "{name}"
address = "{address}"
{more}
[mailbox.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{name}"
password = "pass"
[mailbox.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
timeout = "5s"
"""


class BigDesk(Desk):
    """Desk with the three mailboxes, and settings that can be made stricter."""

    def __init__(self, dovecot: Dovecot, sink: SmtpSink) -> None:
        super().__init__(dovecot, sink)
        (self.dir / "blacklist.txt").write_text(BLACKLIST)
        self.settings()

    def settings(self, *, strict: bool = False) -> None:
        """Write the configuration."""
        flag = str(strict).lower()
        words = {"trusted": '"mx.desk.example"' if strict else "", "strangers": "new_case" if strict else "link"}
        aliases = f'aliases = ["helpdesk@desk.example", "{IDN_ALIAS}"]\nsub_addressing = true'
        forms = 'language = "de"\nreply_to_is_sender = true\nform_senders = ["form@website.example"]'
        ports = {"imap": self.dovecot.port, "smtp": self.sink.port}
        boxes = (("support", SUPPORT, aliases), ("sales", SALES, forms), ("clinic", CLINIC, 'group = "ward"'))
        text = _COMMON.format(junk=flag, reopened=flag, **words)
        text += "".join(_MAILBOX.format(name=name, address=to, more=more, **ports) for name, to, more in boxes)
        self.config.write_text(text)

    def lay(self, mails: list[Mail]) -> None:
        """The mails of a batch arrive, each in its mailbox."""
        for mail in mails:
            self.dovecot.put(mail.box, mail.raw, received=mail.received)


def opened(mail: Received) -> EmailMessage:
    """The mail as a program of its receiver reads it."""
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def sent(mail: Received) -> Sent:
    """What later answers need of it."""
    head = opened(mail)
    text = head.get_body(("plain",))
    assert text is not None
    return Sent(
        message_id=str(head["Message-ID"]).strip(),
        references=tuple(str(head["References"] or "").split()),
        reply_to=str(head["Reply-To"] or ""),
        subject=str(head["Subject"]),
        text=text.get_content(),
        raw=mail.data,
    )
