"""The life of a case: what agents do to it, and whom it is told to. Pure: rules over a case and an act."""
