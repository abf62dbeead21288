"""What agents do to a case: each act a pure rule from an Asked to its Changes, or Refused."""
