"""What all tests share: the real samples, if they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def real_samples() -> Path:
    """The folder of real samples beside the project; tests on it skip where it is absent."""
    folder = SHARED / "real"
    if not folder.is_dir():
        pytest.skip("the real samples (../shared/real) are not on this machine")
    return folder
