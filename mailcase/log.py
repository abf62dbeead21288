"""The log as an API: every event that mailcase writes, and how it is written (JSON, or for a terminal)."""

import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from enum import Enum
from functools import lru_cache, partial
from logging import DEBUG, ERROR, INFO, WARNING
from typing import Any, Final, TextIO

from mailcase.log_library import EventDict, Processor, structlog
from mailcase.log_stream import LogStream

#: Fields that name people or quote a mail: only in the log when it is at debug.
PERSONAL: Final = frozenset(
    {"address", "addresses", "sender", "recipient", "from", "to", "cc", "name", "subject", "title", "text"}
)
#: Fields that never reach the log, whatever the level.
SECRET: Final = ("password", "secret", "token", "credential", "authorization")
#: Libraries that write passwords or mail text at debug (libraries.md, aioimaplib 13): never below warning.
QUIET: Final = (
    *("aioimaplib", "aiosmtplib", "sqlalchemy", "mailparser", "asyncio", "alembic", "mail"),
    *("authlib", "httpx2", "httpcore2"),
)


class Event(Enum):
    """Every event, with its level and what it says to a person."""

    # the daemon's life
    STARTED = ("started", INFO, "configuration read, store open, watchers and drain running")
    STOPPING = ("stopping", INFO, "a signal asked to stop; what is open is finished")
    STOPPED = ("stopped", INFO, "everything is closed")
    TASK_DIED = ("task_died", ERROR, "a part of the daemon ended by itself; its restart is scheduled")
    STORE_MIGRATED = ("store_migrated", INFO, "the store's schema was brought up to date")
    STORE_BUSY = ("store_busy", WARNING, "the store could not be written; it is tried again")
    BATCH_SPLIT = ("batch_split", WARNING, "a group commit failed; its messages are done one by one")
    RELOADED = ("reloaded", INFO, "the changed configuration is in force")
    RELOAD_REFUSED = ("reload_refused", ERROR, "the changed configuration is wrong; the one before stays in force")
    RESTART_NEEDED = ("restart_needed", WARNING, "a change of the configuration takes effect at the next start")
    HTTP_LISTENING = ("http_listening", INFO, "health and metrics can be read")
    LMTP_LISTENING = ("lmtp_listening", INFO, "a mail server can hand mail in")
    LMTP_DEFERRED = ("lmtp_deferred", WARNING, "a mail handed in was put off with 4xx; its server keeps it")
    LMTP_REFUSED = ("lmtp_refused", WARNING, "a mail handed in was refused with 5xx; its server tells the sender")
    ALARM_RAISED = ("alarm_raised", ERROR, "something needs a person; it is told once")
    ALARM_ENDED = ("alarm_ended", INFO, "what needed a person is over")
    DIGEST_QUEUED = ("digest_queued", INFO, "the daily digest is in the outbox")
    DISK_LOW = ("disk_low", ERROR, "too little free space: no mail is fetched until there is more")
    DISK_OK = ("disk_ok", INFO, "there is enough free space again")
    LOG_LOST = ("log_lost", WARNING, "lines of this log could not be written: its disk was full or nobody read it")
    AUDITED = ("audited", INFO, "the daemon looked through its own store for mail that is doubled or stuck")
    AUDIT_POSTPONED = ("audit_postponed", WARNING, "the store could not be looked through; it is tried again later")
    RAW_PURGED = ("raw_purged", INFO, "raw mail older than its retention was removed")
    CLOCK_AHEAD = ("clock_ahead", WARNING, "the clock is far ahead of the last round of retention: it follows slowly")
    # several daemons on one store
    JOINED = ("joined", INFO, "this daemon is one of those that share the store")
    TAKEN = ("taken", INFO, "this daemon works these mailboxes from now on")
    GIVEN_BACK = ("given_back", INFO, "another daemon is to work these mailboxes")
    HELD_BY_OTHERS = ("held_by_others", INFO, "other daemons work these mailboxes; this pass leaves them alone")
    CLOCK_DIFFERS = ("clock_differs", WARNING, "this host's clock differs from the store's; the store's time counts")
    TENURE_LOST = ("tenure_lost", WARNING, "the store let go of what this daemon held; it joins again")
    FENCED = ("fenced", WARNING, "another daemon works this now: what this one did with it is given up")
    # mailboxes
    PAUSED = ("paused", INFO, "a person paused the mailbox; its server is left alone")
    RESUMED = ("resumed", INFO, "the mailbox is read again")
    TOKEN_ENDED = ("token_ended", ERROR, "the token endpoint refuses us: somebody must sign in anew")
    CONNECTED = ("connected", INFO, "an IMAP folder is watched")
    CONNECTION_LOST = ("connection_lost", WARNING, "the IMAP server is gone; it is tried again")
    LOGIN_REFUSED = ("login_refused", ERROR, "the server does not take user and password")
    FOLDER_MISSING = ("folder_missing", ERROR, "a configured folder is not on the server")
    FOLDER_REFUSED = ("folder_refused", ERROR, "the server refuses a command on a folder; it is tried again")
    BASELINE_SET = ("baseline_set", INFO, "first connection: what lies there now is known from now on")
    UIDVALIDITY_CHANGED = ("uidvalidity_changed", WARNING, "the server renumbered the folder; it is compared")
    FOUND_LATE = ("found_late", WARNING, "the comparison with the server found mail that was missing; it is taken in")
    JOURNALLED = ("journalled", INFO, "a batch is durably stored")
    MARK_FAILED = ("mark_failed", WARNING, "the server could not be told; it is done again later")
    MAIL_GONE = ("mail_gone", DEBUG, "a mail left the server before it could be taken")
    MAIL_REFUSED = ("mail_refused", ERROR, "the server does not give a mail; it is asked for again later")
    UIDS_ODD = ("uids_odd", WARNING, "the server lists numbers that are no UIDs (1 to 4294967295): not asked for")
    OVER_QUOTA = ("over_quota", ERROR, "the folder to move to is full; mails get a keyword instead")
    IDLE_REFUSED = ("idle_refused", INFO, "the server refuses IDLE; the mailbox is looked at by the clock")
    QUOTA_UNANSWERED = ("quota_unanswered", WARNING, "asked how full the mailbox is, the server hung: not asked again")
    OVERSIZE = ("oversize", WARNING, "a mail is too large to be taken whole")
    # one delivery
    DELIVERY = ("delivery", INFO, "what became of one delivery: the one line that each has")
    DELIVERY_RETRY = ("delivery_retry", WARNING, "a delivery could not be processed; it is tried again")
    QUARANTINED = ("quarantined", ERROR, "a delivery cannot be processed; its raw mail waits for a person")
    PARSER_KILLED = ("parser_killed", WARNING, "a parser process took too long or died")
    # mail that leaves
    SENT = ("sent", INFO, "a mail was taken by the SMTP server")
    SEND_POSTPONED = ("send_postponed", WARNING, "a mail could not be sent now; it has a next attempt")
    SEND_HELD = ("send_held", INFO, "a limit holds a mail back")
    SEND_FAILED = ("send_failed", ERROR, "a mail will not be sent")
    SEND_EXPIRED = ("send_expired", WARNING, "a mail waited too long and will not be sent")
    SEND_UNCERTAIN = ("send_uncertain", WARNING, "a mail may have left before a crash; it is not repeated")
    NOT_COMPOSED = ("not_composed", ERROR, "a mail of ours could not be written; what it was to tell is done")
    NULL_SENDER_REFUSED = ("null_sender_refused", WARNING, "the relay refuses the null sender; remembered")
    SMTP_REFUSED = ("smtp_refused", ERROR, "the SMTP server does not take user and password")
    SMTP_LOST = ("smtp_lost", WARNING, "the SMTP server is gone; it is tried again")
    BREAKER_OPENED = ("breaker_opened", ERROR, "far more automatic mail than usual: held until a person looks")
    BREAKER_CLOSED = ("breaker_closed", INFO, "automatic mail goes out again")

    def __init__(self, word: str, level: int, says: str) -> None:
        self.word = word
        self.level = level
        self.says = says


def emit(event: Event, **fields: object) -> None:
    """Write one event with its fields; personal ones are dropped unless the log is at debug."""
    structlog.get_logger().log(event.level, event.word, **fields)


def bound(**fields: object) -> AbstractContextManager[None]:
    """Within it, every event carries these fields (mailbox, uid, message_id)."""
    return structlog.contextvars.bound_contextvars(**fields)


def configure(*, debug: bool = False, console: bool | None = None, stream: TextIO | None = None) -> None:
    """Send our events and every library's log to one stream (standard error).

    Ours go there straight from structlog: every mail has its line, and Python's logging made it cost two and a half
    times as much.

    Args:
        debug: also events at debug, and personal fields.
        console: lines for people; None: if the stream is a terminal.
        stream: where to write; None: standard error.
    """
    out = stream or sys.stderr
    for_people = out.isatty() if console is None else console
    shared, rendering = _shared(debug=debug), _rendering(for_people)
    handler = LogStream(out, lambda lines: emit(Event.LOG_LOST, lines=lines))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        )
    )
    handler.addFilter(_not_too_talkative)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(DEBUG if debug else INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(WARNING)
    structlog.configure(
        processors=[*shared, *rendering],
        logger_factory=partial(_Ours, handler),
        wrapper_class=structlog.make_filtering_bound_logger(DEBUG if debug else INFO),
        cache_logger_on_first_use=False,  # a test, or --verbose, configures again
    )


class _Ours:
    """Where a rendered event goes, whatever its level."""

    def __init__(self, stream: LogStream, *_: object) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = stream.put


def _shared(*, debug: bool) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _secrets_never,
        *([] if debug else [_personal_never]),
    ]


def _rendering(for_people: bool) -> list[Processor]:
    if for_people:
        return [
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_as_json)]


def _as_json(event: EventDict, default: Callable[[Any], Any], **_: Any) -> str:
    """As json.dumps writes it, which makes an encoder anew for each line."""
    return _encoder(default).encode(event)


@lru_cache(maxsize=4)
def _encoder(default: Callable[[Any], Any]) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, default=default)


def _secrets_never(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for key in [key for key in event if _is_secret(key)]:
        event[key] = "**********"
    return event


@lru_cache(maxsize=1024)  # field names are few, and every line has a dozen
def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in SECRET)


def _personal_never(_logger: Any, _method: str, event: EventDict) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key not in PERSONAL}


def _not_too_talkative(record: logging.LogRecord) -> bool:
    """Library records below warning are dropped even where somebody lowered the library's own level."""
    return record.levelno >= WARNING or record.name.partition(".")[0] not in QUIET
