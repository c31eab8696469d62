"""What tests stand on: the real data, Debian's packages, and how many worlds are invented."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
SHARED = (ROOT / os.environ.get("OKIREPORTS_SHARED", "../shared")).resolve()

# The same examples in every run; a test that is slow on a busy machine is not a failing one.
settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
# New examples in every run, as many as asked for (of the tests that set no number themselves).
settings.register_profile(
    "worlds", settings.get_profile("ci"), derandomize=False, max_examples=int(os.environ.get("WORLDS") or 100)
)
settings.load_profile("worlds" if os.environ.get("WORLDS") else "ci")


def absent(what: str) -> NoReturn:
    """Skip for want of something; in CI, where everything has to be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and published figures, outside the project."""
    if not SHARED.is_dir():
        absent(f"the folder of real data is absent: {SHARED} (set OKIREPORTS_SHARED)")
    return SHARED


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the packages that `@pytest.mark.debian("...")` names."""
    for mark in item.iter_markers("debian"):
        for package in mark.args:
            if not installed(package):
                absent(f"the Debian package {package} is missing: apt-get install {package}")


def installed(package: str) -> bool:
    """Is a Debian package there? On other systems: no."""
    ask = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    try:
        return subprocess.run(ask, capture_output=True, text=True, check=False).stdout == "installed"
    except FileNotFoundError:
        return False


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes have no part in a test's name: archives hold the time at which they were packed."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
