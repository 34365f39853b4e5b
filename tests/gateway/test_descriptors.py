"""The limit on open files, in processes of their own: a limit once lowered for good stays so."""

import subprocess
import sys

import pytest

from tests.gateway_process import ROOT

PROGRAM = """
import resource
from gateway.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(256, 512), (512, 512)])
def test_the_limit_is_raised_as_far_as_it_may_be(soft: int, hard: int) -> None:
    """To the hard limit, which stays as it is."""
    program = PROGRAM.format(soft=soft, hard=hard)
    command = [sys.executable, "-c", program]

    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    assert said.split() == [str(hard)] * 3
