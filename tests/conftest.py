"""The fixture modules of the real servers, for every test."""

pytest_plugins = [
    "tests.servers.fixtures",
    "tests.servers.postgres",
    "tests.servers.smtp",
    "tests.servers.desk",
]
