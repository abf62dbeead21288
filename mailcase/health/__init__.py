"""How the product fares: what daemons tell of themselves, what needs a person, and who is told."""
