"""What never leaves the home, read as people leave it there by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import private


def test_who_opted_out_is_read_one_number_a_line(tmp_path: Path) -> None:
    assert private.opted_out(tmp_path) == set()
    private.opt_out(tmp_path, 7)
    (tmp_path / private.OPTED_OUT).write_text("7\r\n\n 12 \n")
    assert private.opted_out(tmp_path) == {7, 12}


@pytest.mark.parametrize("line", ["alice", "-7", "٧"])
def test_a_line_that_is_no_number_is_told_by_its_place_and_not_repeated(tmp_path: Path, line: str) -> None:
    private.opt_out(tmp_path, 7)
    (tmp_path / private.OPTED_OUT).write_text(f"7\n{line}\n", encoding="utf-8")
    with pytest.raises(DamagedDataError, match="line 2 is no account number") as refused:
        private.opted_out(tmp_path)
    assert line not in refused.value.message.replace(str(tmp_path), "")
