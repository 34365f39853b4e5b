"""Fixtures that more than one package's tests need."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded traffic beside the project; its tests skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared is absent, and CI must not pass without it")
        pytest.skip("../shared (recorded provider traffic) is not here")
    return folder
