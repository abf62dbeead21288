"""The fixture modules of the real servers, for every test; Hypothesis without a stop-watch."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.powers",
    "tests.servers.fixtures",
    "tests.servers.imap_source",
    "tests.servers.pipes",
    "tests.servers.postgres",
    "tests.servers.smtp",
    "tests.servers.token_endpoint",
    "tests.servers.desk",
    "tests.servers.bureau",
]

# No test depends on speed; continuous integration repeats itself, a person's run looks at new examples.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("house")
