"""Mail from an IMAP server: grammar, connection, session, and what to fetch, mark and batch."""
