"""The token behind the door of the control room; the door itself is met in defs/test_dev."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dagster_project import guard
from dagster_project.errors import StorageError


def test_a_token_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "dagster" / "ui.token"
    token = guard.kept_token(path)
    assert len(token) > guard.LEAST_TOKEN_LETTERS
    assert guard.kept_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_fills_up_leaves_no_empty_token_to_log_in_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        guard.kept_token(tmp_path / "ui.token")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_token_opens_no_door(tmp_path: Path) -> None:
    (tmp_path / "ui.token").touch()
    with pytest.raises(StorageError, match="holds no token"):
        guard.kept_token(tmp_path / "ui.token")
