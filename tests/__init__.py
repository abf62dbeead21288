"""The tests; a package so that `tests.builders` has one name for pytest and mypy."""
