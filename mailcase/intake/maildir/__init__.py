"""A Maildir as a source: reads new/ and cur/ of a folder on this machine's disk."""
