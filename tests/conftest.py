"""The fixture modules of the real servers, for every test; Hypothesis without a stop-watch."""

import os
from functools import cache

import typer.testing
from hypothesis import HealthCheck, settings
from typer.main import get_command

from tests.servers import statements

pytest_plugins = [
    "tests.order",
    "tests.powers",
    "tests.servers.fixtures",
    "tests.servers.imap_source",
    "tests.servers.pipes",
    "tests.servers.postgres",
    "tests.servers.postgres_stores",
    "tests.servers.smtp",
    "tests.servers.token_endpoint",
    "tests.servers.desk",
    "tests.servers.bureau",
    "tests.servers.status_place",
]

# No test depends on speed; continuous integration repeats itself, a person's run looks at new examples.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("house")

# To put all commands together costs more than most of them: once a test process, not at each call.
typer.testing._get_command = cache(get_command)  # type: ignore[attr-defined]  # private, but what the runner calls

statements.share()
