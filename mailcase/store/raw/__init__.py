"""Raw mail: in the store itself, in content-addressed files beside it, or in S3 (architecture.md)."""

from mailcase.store.raw.place import RawPlace
from mailcase.store.raw.setting import RawSetting, S3Access

__all__ = ["RawPlace", "RawSetting", "S3Access"]
