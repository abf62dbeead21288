"""Migrations, applied by Alembic (see docs/schema.md)."""
