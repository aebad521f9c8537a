"""Where a test's media lie, read and decoded within the default limits."""

from lamella.schemas.config import FetchConfig, ReadConfig
from lamella.transforms.media.store import MediaStore


def store_at(root: str) -> MediaStore:
    return MediaStore.of(root, ReadConfig(), FetchConfig())
