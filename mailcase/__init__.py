"""mailcase turns the mail of support mailboxes into cases and explains every decision."""

__version__ = "0.1.0"
