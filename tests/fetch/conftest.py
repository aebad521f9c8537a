"""Fixtures that the files of this folder share."""

import pytest
from fetch_server import Server


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()
