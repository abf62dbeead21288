"""Forks the real program for tests: imported once, so that a process costs milliseconds instead of seconds.

One thread, no event loop, nothing open: a fork of it is as good as a fresh start. Reads requests from the socket
that is its standard input: JSON (argv, environment, folder) with four descriptors (stdin, stdout, stderr, and
where to write the process id and later the exit status).
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from contextlib import suppress
from select import select
from typing import Any

PRELOAD = (
    "mailcase.cli.main", "mailcase.daemon", "mailcase.config", "mailcase.log", "mailcase.lock", "mailcase.house",
    "mailcase.store.migrate", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg",
    "logging.config", "mailcase.cli.counting", "mailcase.cli.render_case", "mailcase.cli.render_message",
    "mailcase.cli.mail_files", "mailcase.store.backup", "mailcase.store.restore", "mailcase.replaying",
    # What the program imports only when it is asked (docs/decisions/021).
    "mailcase.cli.viewing", "mailcase.cli.case_list", "mailcase.cli.render_status", "mailcase.health.overview",
    "mailcase.store.report_cases", "mailcase.store.life.task_list", "mailcase.store.life.statistics",
    "mailcase.store.life.books", "mailcase.store.life.contacts_join", "mailcase.store.life.creating",
    "mailcase.store.life.organizations", "mailcase.store.replay_hand", "mailcase.store.doubled",
    "mailcase.store.stuck", "mailcase.store.erase", "mailcase.store.export", "mailcase.store.relink",
    "mailcase.intake.imap.audit", "mailcase.intake.maildir.audit", "mailcase.intake.html", "mailcase.signin.source",
    "mailcase.soundness", "pebble",
)  # fmt: skip
_MOST = 1 << 20


def main() -> None:
    """Serve until the socket is closed."""
    asked = socket.socket(fileno=os.dup(0))
    ended_r, ended_w = os.pipe()
    for end in (ended_r, ended_w):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ended_w, warn_on_full_buffer=False)
    for name in PRELOAD:
        __import__(name)
    dict(sys.modules["mailcase.cli.main"].program().commands)  # each of them is imported when it is asked for
    gc.collect()
    gc.freeze()
    told: dict[int, int] = {}
    while True:
        ready, _, _ = select([asked.fileno(), ended_r], [], [])
        if ended_r in ready:
            os.read(ended_r, 4096)
            _bury(told)
        if asked.fileno() in ready:
            wish, descriptors, _, _ = socket.recv_fds(asked, _MOST, 4)
            if not wish:
                return
            _bear(json.loads(wish), descriptors, told, (asked.fileno(), ended_r, ended_w))


def _bury(told: dict[int, int]) -> None:
    """Tell each exit status, as subprocess tells it, to who waits for it."""
    while told:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with suppress(BrokenPipeError):  # nobody waits for it any more: no reason to end, others do
            os.write(told[pid], f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(told.pop(pid))


def _bear(wish: dict[str, Any], descriptors: list[int], told: dict[int, int], mine: tuple[int, ...]) -> None:
    *three, tell = descriptors
    pid = os.fork()
    if not pid:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, one in enumerate(three):
            os.dup2(one, number)
        for one in (*three, tell, *mine, *told.values()):
            os.close(one)
        _live(wish)
    for one in three:
        os.close(one)
    told[pid] = tell
    os.write(tell, f"{pid}\n".encode())


def _live(wish: dict[str, Any]) -> None:
    """Be `python ARGV` in that environment; never returns."""
    code = 1
    try:
        os.chdir(wish["folder"])
        os.environ.clear()
        os.environ.update(wish["env"])
        _run(wish["argv"])
        code = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        _say_all()
        _end_children()
        os._exit(code)


def _run(argv: list[str]) -> None:
    from mailcase import faults

    faults.arm(os.environ.get("MAILCASE_FAULT", ""))
    how, what, *rest = argv
    sys.argv = [what, *rest]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = "-c"
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102  python -c does this


def _say_all() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()


def _end_children() -> None:
    """As the end of an interpreter does: daemonic processes of multiprocessing are ended."""
    import multiprocessing.util

    multiprocessing.util._exit_function()  # type: ignore[attr-defined]  # what atexit would call


if __name__ == "__main__":
    main()
