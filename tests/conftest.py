"""The fixture modules of the real servers, for every test."""

pytest_plugins = [
    "tests.powers",
    "tests.servers.fixtures",
    "tests.servers.imap_source",
    "tests.servers.postgres",
    "tests.servers.smtp",
    "tests.servers.desk",
]
