"""What all tables share: metadata with stable constraint names, and column types for both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.declarative import DeferredReflection
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Typed Any because SQLModel's `sa_type` is annotated for classes and takes instances all the same.
BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows only by INTEGER
TEXT: Any = sa.Text()
JSON: Any = sa.JSON().with_variant(JSONB(), "postgresql")


class Row(DeferredReflection, SQLModel):
    """Base of every row class; rows are rows, never the domain.

    The classes declare tables and are never made: so that a start does not pay for it, SQLAlchemy maps them when
    `prepare` is called, and pydantic builds what validates them when they are.
    """

    model_config = {"defer_build": True}
    metadata = sa.MetaData(naming_convention=NAMES)


def table_of(name: str) -> sa.Table:
    """The Core table of a row class, for statements without the ORM's cost."""
    return Row.metadata.tables[name]
