"""The login token of the door: kept by its owner alone, and never empty. What the door refuses is in tests/defs/test_dev.py."""

from __future__ import annotations

from pathlib import Path

from dagster_project.guard import kept_token


def test_a_token_is_kept_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "dagster" / "ui.token"
    token = kept_token(path)
    assert len(token) >= 32
    assert kept_token(path) == token
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["ui.token"]


def test_an_empty_token_is_replaced_because_it_would_let_in_everybody(tmp_path: Path) -> None:
    path = tmp_path / "ui.token"
    path.write_text("\n")
    path.chmod(0o644)
    assert len(kept_token(path)) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
