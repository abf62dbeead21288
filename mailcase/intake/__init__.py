"""Getting mail in (shell) and reading it (pure, in worker processes)."""
