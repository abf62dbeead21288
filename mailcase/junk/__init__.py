"""Is this mail from a person, to us, and may it be answered? One rule a file, tables for the order. Pure."""
