"""What a case is: statuses, transitions, numbers, fields, contacts, duplicates. Pure."""
