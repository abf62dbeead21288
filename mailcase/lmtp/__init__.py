"""LMTP intake: a mail server hands mail in, and gets its 250 once the journal holds it (RFC 2033)."""
