"""Which case does this mail belong to? One rule a file, a table for the order. Pure."""
