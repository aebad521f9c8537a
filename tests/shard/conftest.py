"""A fresh run's folder with media for every test."""

import pytest
from shard_world import World


@pytest.fixture
def world(tmp_path) -> World:
    root = tmp_path / "run"
    root.mkdir()
    return World(root)
