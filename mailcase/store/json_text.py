"""JSON of the columns: pydantic's compiled writer and reader, several times as quick as Python's own."""

import json
from typing import Any, Final

from pydantic_core import PydanticSerializationError, from_json, to_json


def dumps(value: Any) -> str:
    """Compact JSON; a lone surrogate, which the quick writer refuses, is escaped as Python's own does it."""
    try:
        return to_json(value).decode()
    except PydanticSerializationError:
        return json.dumps(value)


def loads(text: str | bytes) -> Any:
    """The value; what the quick reader refuses (an escaped lone surrogate) is left to Python's own."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


#: For `create_engine`.
JSON_BY: Final[dict[str, Any]] = {"json_serializer": dumps, "json_deserializer": loads}
