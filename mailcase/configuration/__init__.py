"""The sections of mailcase.toml, and what makes a mistake in it easy to find."""
