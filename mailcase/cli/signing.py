"""What is said where words go to a customer and nobody is named who writes them."""

from mailcase.cli.output import note


def unsigned(as_: str) -> None:
    """A line on standard error; nothing where `--as` named an agent."""
    if not as_:
        note("it says no agent's name: --as ADDRESS names who writes")
