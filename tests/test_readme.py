"""What the README says is what there is."""

import re
from pathlib import Path

import pytest

from gateway.environment import load_config
from tests.gateway_process import hedgerow

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


def test_the_configuration_example_loads(tmp_path: Path) -> None:
    """The example file is complete and valid as it stands."""
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    secret = tmp_path / "openrouter"
    secret.write_text("key")
    file = tmp_path / "hedgerow.toml"
    file.write_text(example.replace("/run/secrets/openrouter", str(secret)))

    config = load_config(file, {"GEMINI_API_KEY": "a", "GEMINI_API_KEY_2": "b"}, tmp_path)

    assert [provider.name for provider in config.providers] == ["gemini-a", "openrouter", "local"]
    assert len(config.models[0].targets) == 2


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^hedgerow ([a-z]+(?: [a-z]+)?)", README, re.MULTILINE)))
)
def test_every_command_it_names_exists(command: str, tmp_path: Path) -> None:
    """Each is known to the program's own help."""
    words = [word for word in command.split() if word != "demo"]

    assert hedgerow(*words, "--help", home=tmp_path).returncode == 0


def test_the_two_commands_come_first() -> None:
    """A newcomer finds `make serve` and `make test` before anything else."""
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)

    assert first is not None
    assert re.findall(r"^make (\w+)", first.group(1), re.MULTILINE) == ["serve", "test"]
