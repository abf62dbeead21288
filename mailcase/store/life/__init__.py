"""The store's side of a case's life: people, acts, notices, words."""
