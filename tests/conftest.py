"""Paths and marks that all tests share."""

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items):
    if not REAL_DATA.is_dir():
        skip = pytest.mark.skip(reason="no ../shared/data")
        for item in items:
            if "real" in item.keywords:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real archives and gold pages; only for tests marked `real`."""
    return REAL_DATA
