"""What counts instructions: there wherever the gate must hold, perhaps not on a laptop."""

import os
import shutil

import pytest


@pytest.fixture
def valgrind() -> None:
    """Skips where valgrind is not installed; CI must not pass without it."""
    if shutil.which("vgdb") is None:
        if os.environ.get("CI"):
            pytest.fail("valgrind is not installed")
        pytest.skip("valgrind is not installed")
