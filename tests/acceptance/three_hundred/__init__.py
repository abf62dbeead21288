"""Mails that no rule was written from, made from a seed, each with what the spec says must become of it."""
