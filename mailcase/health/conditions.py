"""What needs a person: one table of conditions, read by alarms, `status` and /health alike. Pure."""

from collections.abc import Collection
from datetime import timedelta
from shlex import quote
from typing import Final

from mailcase.health import finding
from mailcase.health.finding import Condition, Rule, waits
from mailcase.health.situation import Situation
from mailcase.intake.state import MailboxState

__all__ = ["BY_WORD", "RULES", "Condition", "Rule", "conditions", "cure_of", "waits", "well"]

_MINUTE: Final = timedelta(minutes=1)
_NAME: Final = "NAME"  # in a cure: the mailbox that needs it
_HOUR: Final = timedelta(hours=1)

#: The policy: what needs a person, since when it counts, what it means and what to do.
RULES: Final = (
    Rule(
        "mailbox_unreachable",
        "mailbox",
        finding.mailboxes,
        "mailbox cannot be read",
        "New mail stays on the server and is not looked at; nothing is lost. It is tried again all the time.",
        "See whether the server runs and can be reached from here: `mailcase check` tries each step and says where it "
        "fails.",
        None,
    ),
    Rule(
        "login_refused",
        "mailbox",
        finding.mailboxes,
        "login refused",
        "The server does not let this account in. New mail stays there; after three tries it is asked once an hour.",
        "Correct user and password in [mailbox.imap], then `mailcase check`. Microsoft 365 and Google refuse "
        'passwords: use auth = "xoauth2". A changed file is taken in without a restart.',
        service="imap",
        oauth_cure="The endpoint gives tokens, the server does not take them for this user: is [mailbox.imap] user the "
        "mailbox's own address, and may the app read it? `mailcase check` says which permission it takes.",
    ),
    Rule(
        "token_ended",
        "mailbox",
        finding.mailboxes,
        "sign-in has ended",
        "The token endpoint refuses the client or its grant: a secret expired, or somebody withdrew the consent.",
        "Renew secret or grant at the provider, put it into [mailbox.oauth2], then `mailcase check`.",
    ),
    Rule(
        "folder_missing",
        "mailbox",
        finding.mailboxes,
        "a folder is missing",
        "A configured folder cannot be opened on the server; the other folders of the mailbox are read.",
        "Make the folder on the server, or correct `folders` in [mailbox.imap]; `mailcase check` lists what is there.",
    ),
    Rule(
        "folder_refused",
        "mailbox",
        finding.mailboxes,
        "the server refuses a folder",
        "The folder is there, and the server says no to reading it: its new mail stays there. The other folders of the "
        "mailbox are read.",
        "The error names the command. May this user list and read the folder (its rights, ACL)? Else the server's own "
        "log says why; an index that is broken can be rebuilt there. It is tried again all the time.",
    ),
    Rule(
        "mail_withheld",
        "mailbox",
        finding.withheld,
        "the server does not give some mails",
        "It lists them, and answers with an error or without their text. No case is made of them yet; they are asked "
        "for again every 15 minutes, and the other mails are read.",
        "Open them in a mail program: if that fails too, have the mailbox repaired on the server (Dovecot: `doveadm "
        "force-resync`); delete there what is beyond repair. The log says for each why (mail_refused).",
    ),
    Rule(
        "mailbox_full",
        "mailbox",
        finding.room,
        "mailbox is nearly full",
        "Its server takes no more mail once its room is used up: senders then get their mail back.",
        "Make room there: delete or archive old mail, or have the quota raised. `after` of the mailbox can move or "
        "delete what has become a case.",
        lingers=finding.nearly,
    ),
    Rule(
        "mailbox_silent",
        "mailbox",
        finding.silent,
        "no mail comes any more",
        "The mailbox can be read, but nothing new was in it for longer than its `silent_hours`. Perhaps nobody writes; "
        "perhaps mail does not reach it any more.",
        f"`mailcase mailbox test {_NAME}` sends a mail and waits for it. If that does not come: look at the MX record, "
        "the forwarding to this mailbox and its Junk folder. If such a pause is usual, raise `silent_hours`.",
    ),
    Rule(
        "nobody_reads",
        "mailbox",
        finding.unheld,
        "no daemon works this mailbox",
        "Several daemons share the store, and none of them could take this mailbox. New mail stays on the server.",
        "See in the logs which daemon lost it (tenure_lost) or was frozen; end that process, and another takes over.",
        _MINUTE,
    ),
    Rule(
        "quarantine",
        "store",
        finding.quarantine,
        "mail in quarantine",
        "These mails could not be processed. They made no case and were not answered; their raw bytes are kept.",
        "`mailcase quarantine list`, then `mailcase quarantine retry ID` or `mailcase quarantine drop ID`.",
    ),
    Rule(
        "breaker_open",
        "store",
        finding.breaker,
        "automatic mail is held",
        "Far more automatic mail than usual was about to leave: perhaps a loop. Mails still become cases; no "
        "acknowledgement leaves.",
        "`mailcase outbox list` shows to whom. If it is in order: `mailcase outbox release`. It closes by itself after "
        "an hour below the threshold.",
    ),
    Rule(
        "disk_low",
        "host",
        finding.disk,
        "disk nearly full",
        "No mail is fetched until there is more space; it stays on its server. What was fetched goes on.",
        "Make room where [store] state_dir lies, or set [retention] raw; reading goes on by itself.",
    ),
    Rule(
        "config_refused",
        "host",
        finding.configuration,
        "configuration refused",
        "The changed files are wrong, so the rules from before stay in force.",
        "Correct what is named; `mailcase check` says whether it is right. It is taken in without a restart.",
    ),
    Rule(
        "clock_differs",
        "host",
        finding.clock,
        "this host's clock is wrong",
        "Several daemons share the store, and its clock counts for all of them: mail and limits are in order. Commands "
        "on this host go by its own clock.",
        "Let the host and the database's host ask the same time servers (NTP).",
    ),
    Rule(
        "relay_refused",
        "store",
        finding.relays,
        "mail cannot be sent: login refused",
        "The SMTP server does not let us in; no mail of this mailbox leaves until it does.",
        "Correct user and password in [mailbox.smtp], then `mailcase check`. A changed file is taken in without a "
        "restart, and the mail that waits leaves at once.",
        service="smtp",
        oauth_cure="`mailcase check` tells which it is: the sign-in has ended (renew secret or grant in "
        "[mailbox.oauth2]), or the server does not take the token (may the app send as [mailbox.smtp] user?).",
    ),
    Rule(
        "mail_bounces",
        "store",
        finding.bounces,
        "many answers come back",
        "So much mail that cannot be delivered spoils our name with other mail servers. Perhaps forged senders write "
        "to this mailbox, or mail servers refuse what comes from us.",
        "`mailcase outbox list` shows the bounced ones with their status. Forged senders: set trusted_authserv_ids, or "
        "put what they have in common on the blacklist. Refused as spam: see to SPF, DKIM and DMARC of our domain.",
    ),
    Rule(
        "outbox_stuck",
        "store",
        finding.outbox,
        "mail waits to be sent",
        "A mail has been waiting for more than an hour; acknowledgements expire after 24 hours.",
        "`mailcase outbox list` shows each mail's last error; `mailcase check` tries every SMTP server.",
        _HOUR,
    ),
    Rule(
        "undecided",
        "store",
        finding.undecided,
        "mail waits to be decided",
        "A mail has been in the journal for more than an hour without an outcome; nothing is lost.",
        "Look into the log for errors (store_busy, task_died); a restart of the daemon takes all of it up again.",
        _HOUR,
    ),
    Rule(
        "assignee_missing",
        "store",
        finding.assignees,
        "cases go to nobody",
        "The configuration gives new cases to a group or an agent who is not there: `notify` hears of them, or nobody.",
        "Correct the name in the file, or enter, enable or fill what it names: `mailcase check` says by which command.",
    ),
    Rule(
        "store_unsound",
        "store",
        finding.unsound,
        "mail is doubled or stuck",
        "The daemon looked through its store, as it does once a day, and found mail that is there twice, was answered "
        "twice, or is not gone on with.",
        "`mailcase audit --store` shows all of it, and what to do with each. The daemon looks again every 15 minutes; "
        "this is over when it finds nothing. "
        "Mail that has left twice cannot be called back: that is told for a week.",
    ),
    Rule(
        "store_unproven",
        "store",
        finding.unproven,
        "the store cannot be looked through",
        "For two days the daemon has not come to the end of its daily look for mail that is doubled or stuck. Nobody "
        "knows whether there is any; mail goes on.",
        "`mailcase audit --store` looks by hand, and says what it fails at. A store for which ten minutes are too "
        "short is looked through by that command alone: once a day, at a quiet hour.",
        timedelta(days=2),
    ),
    Rule(
        "store_unavailable",
        "host",
        finding.store,
        "the store is not there",
        "No mail is fetched or decided while the store cannot be written; it stays on its server.",
        "See whether the database runs, or who holds the SQLite file; work goes on by itself.",
        None,
    ),
)
BY_WORD: Final = {rule.word: rule for rule in RULES}


def cure_of(word: str, mailbox: str, by_token: Collection[str]) -> str:
    """What to do; "" for a word of another version. `by_token`: as Facts.by_token."""
    if (rule := BY_WORD.get(word)) is None:
        return ""
    cure = rule.oauth_cure if rule.service and f"{rule.service}:{mailbox}" in by_token else rule.cure
    return cure.replace(_NAME, quote(mailbox)) if mailbox else cure


def conditions(now: Situation) -> tuple[Condition, ...]:
    """All that needs a person now, in the table's order."""
    return tuple(found for rule in RULES for found in rule.find(rule, now))


def well(state: MailboxState) -> bool:
    """Whether a mailbox shows that it can be read: it was looked at, and nothing is wrong."""
    return state.last_look is not None and not finding.trouble(state)
