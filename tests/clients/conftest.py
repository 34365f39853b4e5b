"""One gateway for all clients, started as a newcomer would: no keys, no file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_process import RunningGateway, create_project, gateway


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newcomer's home folder."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def served(home: Path) -> Iterator[RunningGateway]:
    """A running gateway over the embedded simulator."""
    with gateway(home=home) as running:
        yield running


@pytest.fixture(scope="session", params=["live", "test"])
def key(request: pytest.FixtureRequest, served: RunningGateway) -> str:
    """A project key of each environment."""
    shown = served.live_key if request.param == "live" else served.test_key
    assert shown is not None
    return shown


@pytest.fixture(scope="session")
def gemini_only_key(served: RunningGateway, home: Path) -> str:
    """The test key of a project that may use Gemini models only, created beside the running gateway."""
    return create_project("gemini-only", "--models", "gemini-*", home=home)["test_key"]
