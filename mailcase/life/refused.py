"""The error of an act that a case, a setting or a role does not allow."""

from mailcase.errors import Permanent


class Refused(Permanent):
    """An act that is not done; the text says why, and what is possible instead."""
