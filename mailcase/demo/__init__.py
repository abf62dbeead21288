"""The main job on embedded parts: a mail server with sample customers, and what the daemon made of them."""
