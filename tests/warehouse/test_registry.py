"""The check of the registry explains every kind of mistake. Not here: what the committed one holds (test_reviewed)."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.errors import GateError, NothingYetError
from dagster_project.warehouse.registry import TABLES, Problem, check
from tests.faults.stage import ROOT, Leadershift, is_one_message

REGISTRY = ROOT / "data" / "registry"
SOURCED = "2026-11-21,https://example.org/table,2026-11-21,high,seen there"


class Copy:
    """A copy of the committed registry to plant mistakes in; lines are counted from 1, as editors do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(REGISTRY, folder)

    def path(self, file: str) -> Path:
        return self.folder / file

    def lines(self, file: str) -> list[str]:
        return self.path(file).read_text(encoding="utf-8").split("\n")[:-1]

    def write(self, file: str, lines: list[str]) -> None:
        self.path(file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")

    def line_of(self, file: str, begins: str) -> int:
        return next(number for number, line in enumerate(self.lines(file), 1) if line.startswith(begins))

    def change(self, file: str, begins: str, change: Callable[[str], str]) -> int:
        lines = self.lines(file)
        number = self.line_of(file, begins)
        changed = change(lines[number - 1])
        assert changed != lines[number - 1], "the plant must change the line"
        lines[number - 1] = changed
        self.write(file, lines)
        return number

    def replace(self, file: str, begins: str, old: str, new: str) -> int:
        return self.change(file, begins, lambda line: line.replace(old, new, 1))

    def set(self, file: str, begins: str, **values: str) -> int:
        header = next(table.header for table in TABLES if table.file == file)

        def with_values(line: str) -> str:
            cells = dict(zip(header, next(csv.reader([line])), strict=True)) | values
            return ",".join(f'"{cell}"' if "," in cell else cell for cell in cells.values())

        return self.change(file, begins, with_values)

    def insert(self, file: str, row: str) -> int:
        """Put a row where the sort order wants it, after rows with the same key."""
        lines = self.lines(file)
        after = [number for number, line in enumerate(lines, 1) if number == 1 or _key(line) <= _key(row)]
        lines.insert(after[-1], row)
        self.write(file, lines)
        return after[-1] + 1


def _key(line: str) -> str:
    return line.split(",", 1)[0]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "registry")


def _missing_file(copy: Copy) -> tuple[str, int, str]:
    copy.path("events.csv").unlink()
    return "events.csv", 0, "missing from"


def _header(copy: Copy) -> tuple[str, int, str]:
    return "licences.csv", copy.replace("licences.csv", "licence_id", "licence_id", "license_id"), "wrong header"


def _byte_order_mark(copy: Copy) -> tuple[str, int, str]:
    copy.path("labs.csv").write_bytes(b"\xef\xbb\xbf" + copy.path("labs.csv").read_bytes())
    return "labs.csv", 1, "wrong header '\\ufefflab,"


def _empty_file(copy: Copy) -> tuple[str, int, str]:
    copy.path("countries.csv").write_bytes(b"")
    return "countries.csv", 1, "wrong header ''"


def _fields(copy: Copy) -> tuple[str, int, str]:
    line = copy.change("licences.csv", "mit,", lambda row: row + ",one more")
    return "licences.csv", line, "8 fields instead of 7"


def _blank_line(copy: Copy) -> tuple[str, int, str]:
    copy.write("events.csv", [*copy.lines("events.csv"), ""])
    return "events.csv", len(copy.lines("events.csv")), "0 fields instead of 11"


def _latin_1(copy: Copy) -> tuple[str, int, str]:
    line = copy.line_of("labs.csv", "openai,")
    data = copy.path("labs.csv").read_bytes().replace(b"\nopenai,OpenAI,", b"\nopenai,Op\xe9nAI,")
    copy.path("labs.csv").write_bytes(data)
    return "labs.csv", line, "not UTF-8"


def _carriage_return(copy: Copy) -> tuple[str, int, str]:
    return "events.csv", copy.change("events.csv", "2025-01-20-deepseek-r1,", lambda row: row + "\r"), "carriage return"


def _quotes(copy: Copy) -> tuple[str, int, str]:
    line = copy.replace("licences.csv", "mit,", "mit,permissive", 'mit,"permissive"x')
    return "licences.csv", line, "no CSV record"


def _cycle(copy: Copy) -> tuple[str, int, str]:
    line = copy.set("labs.csv", "alibaba,", parent="openai")
    copy.set("labs.csv", "openai,", parent="qwen")
    return "labs.csv", line, "parent cycle "


def _twice(copy: Copy) -> tuple[str, int, str]:
    first = copy.line_of("namespaces.csv", "openai,")
    line = copy.insert("namespaces.csv", f"openai,openai,,,{SOURCED}")
    return "namespaces.csv", line, f"namespace 'openai' overlaps line {first} (always to open)"


def _licence_twice(copy: Copy) -> tuple[str, int, str]:
    first = copy.line_of("licences.csv", "mit,")
    line = copy.insert("licences.csv", "mit,permissive,https://example.org/table,2026-11-21,2026-11-21,high,")
    return "licences.csv", line, f"licence_id 'mit' overlaps line {first}"


def _periods_overlap(copy: Copy) -> tuple[str, int, str]:
    first = copy.set("labs.csv", "openai,", valid_to="2026-03-02")
    line = copy.insert("labs.csv", f"openai,OpenAI,,US,company,2026-03-01,,{SOURCED}")
    return "labs.csv", line, f"lab 'openai' overlaps line {first} (always to 2026-03-02)"


def _later_row_does_not_end_the_older(copy: Copy) -> tuple[str, int, str]:
    first = copy.line_of("namespaces.csv", "openai,")
    later = SOURCED.replace("2026-11-21", "2027-01-01", 1)
    line = copy.insert("namespaces.csv", f"openai,microsoft,2027-01-01,,{later}")
    return "namespaces.csv", line, f"namespace 'openai' overlaps line {first}"


def _other_spelling(copy: Copy) -> tuple[str, int, str]:
    line = copy.insert("namespaces.csv", f"OpenAI,openai,,,{SOURCED}")
    other = copy.line_of("namespaces.csv", "openai,")
    return "namespaces.csv", other, f"namespace 'openai' is 'OpenAI' of line {line} in another spelling"


def _line_break(copy: Copy) -> tuple[str, int, str]:
    title = "Czechia bans DeepSeek from state administration"
    line = copy.replace("events.csv", "2025-07-09-czechia-deepseek,", title, '"Czechia\nbans DeepSeek"')
    return "events.csv", line, "holds a control character"


def _order(copy: Copy) -> tuple[str, int, str]:
    lines = copy.lines("licences.csv")
    line = copy.line_of("licences.csv", "mit,")
    before, after = lines[line - 1], lines[line]
    copy.write("licences.csv", [*lines[: line - 1], after, before, *lines[line + 1 :]])
    return "licences.csv", line + 1, f"'mit' stands after {_key(after)!r}"


def _shape_of_a_key(copy: Copy) -> tuple[str, int, str]:
    line = copy.replace("events.csv", "2025-01-20-deepseek-r1,", "deepseek-r1,", "deepseek-R1,")
    return "events.csv", line, "event_id '2025-01-20-deepseek-R1' has a wrong form"


PLANTS = [
    _missing_file,
    _header,
    _byte_order_mark,
    _empty_file,
    _fields,
    _blank_line,
    _latin_1,
    _carriage_return,
    _quotes,
    _cycle,
    _twice,
    _licence_twice,
    _periods_overlap,
    _later_row_does_not_end_the_older,
    _other_spelling,
    _line_break,
    _order,
    _shape_of_a_key,
]


# One wrong cell each: the file, the beginning of its row, what is put into it, and what is said of that.
CELLS = {
    "day_that_never_was": ("labs.csv", "openai,", {"read_on": "2026-02-30"}, "read_on '2026-02-30' is no date"),
    "day_without_dashes": ("namespaces.csv", "openai,", {"known_from": "20261121"}, "known_from '20261121' is no"),
    "event_without_day": ("events.csv", "2025-01-20-deepseek-r1,", {"event_on": ""}, "event_on is empty"),
    "ends_before_it_begins": (
        "namespaces.csv",
        "openai,",
        {"valid_from": "2026-01-01", "valid_to": "2026-01-01"},
        "valid_to is not after valid_from 2026-01-01",
    ),
    "country_code": ("labs.csv", "openai,", {"country": "UNKNOWN"}, "unknown country code 'UNKNOWN'"),
    "event_of_no_country": (
        "events.csv",
        "2025-01-20-deepseek-r1,",
        {"country": "INTERNATIONAL"},
        "unknown country code 'INTERNATIONAL'",
    ),
    "country_without_row": ("labs.csv", "openai,", {"country": "QQ"}, "country 'QQ' has no row in countries.csv"),
    "unknown_lab": ("namespaces.csv", "openai,", {"lab": "opnai"}, "unknown lab 'opnai'"),
    "event_of_an_unknown_lab": ("events.csv", "2025-01-20-deepseek-r1,", {"lab": "deepsek"}, "unknown lab 'deepsek'"),
    "unknown_parent": ("labs.csv", "qwen,", {"parent": "alibabba"}, "unknown parent 'alibabba'"),
    "its_own_parent": ("labs.csv", "openai,", {"parent": "openai"}, "parent cycle openai -> openai"),
    "confidence": (
        "countries.csv",
        "NA,",
        {"confidence": "certain"},
        "unknown confidence 'certain'; next: use one of high, medium, low",
    ),
    "lab_kind": ("labs.csv", "openai,", {"kind": "startup"}, "unknown kind 'startup'"),
    "event_kind": ("events.csv", "2025-01-20-deepseek-r1,", {"kind": "launch"}, "unknown kind 'launch'"),
    "licence_class": ("licences.csv", "mit,", {"licence_class": "free"}, "unknown licence_class 'free'"),
    "figure_value": ("published_figures.csv", "eoi-2025-08-cn,", {"value": "17.1 %"}, "value '17.1 %' is no number"),
    "figure_measure": ("published_figures.csv", "eoi-2025-08-cn,", {"measure": "share"}, "unknown measure 'share'"),
    "no_source": ("labs.csv", "openai,", {"source_url": ""}, "source_url is empty and the row is not marked"),
    "no_source_low_but_silent": (
        "labs.csv",
        "openai,",
        {"source_url": "", "confidence": "low", "note": "everybody knows"},
        "source_url is empty and the row is not marked",
    ),
    "no_source_yet_sure": (
        "labs.csv",
        "openai,",
        {"source_url": "", "confidence": "medium", "note": "general knowledge: well known"},
        "source_url is empty and the row is not marked",
    ),
    "source_of_another_kind": (
        "labs.csv",
        "openai,",
        {"source_url": "ftp://example.org/table"},
        "source_url 'ftp://example.org/table' is no http(s) address",
    ),
    "source_with_a_blank": (
        "labs.csv",
        "openai,",
        {"source_url": "https://example.org/a table"},
        "source_url 'https://example.org/a table' is no http(s) address",
    ),
    "blanks": ("labs.csv", "openai,", {"lab_name": "OpenAI "}, "lab_name 'OpenAI ' has blanks around it"),
    "control_character": (
        "labs.csv",
        "openai,",
        {"note": "rings \x07 a bell"},
        "note 'rings \\x07 a bell' holds a control character",
    ),
    "nameless": ("labs.csv", "openai,", {"lab_name": ""}, "lab_name is empty"),
}


def _is_the_only_problem(copy: Copy, file: str, line: int, message: str) -> None:
    (problem,) = check(copy.folder)
    assert (problem.file, problem.line) == (file, line)
    assert message in problem.message
    assert "; next: " in problem.message
    assert str(problem) == f"{file}:{line}: {problem.message}"


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_problem_is_the_only_one_and_is_explained(
    copy: Copy, plant: Callable[[Copy], tuple[str, int, str]]
) -> None:
    _is_the_only_problem(copy, *plant(copy))


@pytest.mark.parametrize("name", CELLS)
def test_a_wrong_cell_is_the_only_problem_and_is_explained(copy: Copy, name: str) -> None:
    file, begins, values, message = CELLS[name]
    _is_the_only_problem(copy, file, copy.set(file, begins, **values), message)


@pytest.mark.parametrize("plant", [_missing_file, _cycle, _line_break])
def test_check_and_build_refuse_it_with_file_line_and_reason(
    copy: Copy, plant: Callable[[Copy], tuple[str, int, str]]
) -> None:
    file, line, message = plant(copy)
    leadershift = Leadershift(copy.folder.parent)
    assert leadershift.home / "registry" == copy.folder, "a home with a registry of its own uses that"
    checked = leadershift.invoke("registry", "check")
    assert checked.returncode == GateError.exit_code
    assert checked.stdout.startswith(f"{file}:{line}: ")
    assert message in checked.stdout
    built = leadershift.invoke("build")
    is_one_message(built, GateError.exit_code, f"{file}:{line}: ", message, "leadershift registry check")
    assert built.stdout == ""
    assert not (leadershift.home / "warehouse").exists()


def test_mistakes_about_repositories_and_their_owners_are_each_explained(copy: Copy) -> None:
    twin = copy.insert(
        "repositories.csv", "openai/Whisper,openai,lab,models,2026-11-22,,2026-11-22,low,general knowledge:"
    )
    kind = copy.set("repositories.csv", "pytorch/pytorch,", kind="lab")
    other = copy.set("repositories.csv", "mistralai/mistral-inference,", lab="meta")
    bare = copy.replace("repositories.csv", "ollama/ollama,", "ollama/ollama", "ollama")
    twice = copy.insert(
        "github_owners.csv", "openai,openai,,,2026-11-22,https://example.org/table,2026-11-22,high,seen there"
    )
    copy.set("github_owners.csv", "zjunlp,", lab="nobody")
    told = [(problem.file, problem.line, problem.message.split(";")[0]) for problem in check(copy.folder)]
    spelled = copy.line_of("repositories.csv", "openai/whisper,")
    assert told == [
        ("repositories.csv", other, "repo_name 'mistralai/mistral-inference' has lab 'meta', its owner mistral"),
        ("repositories.csv", bare, r"repo_name 'ollama' has a wrong form"),
        (
            "repositories.csv",
            spelled,
            f"repo_name 'openai/whisper' is 'openai/Whisper' of line {twin} in another spelling",
        ),
        ("repositories.csv", kind, "kind 'lab' with lab ''"),
        ("github_owners.csv", twice, f"github_login 'openai' overlaps line {twice - 1} (always to open)"),
        ("github_owners.csv", copy.line_of("github_owners.csv", "zjunlp,"), "unknown lab 'nobody'"),
    ]


def test_an_arguable_home_has_another_country_and_is_not_sure(copy: Copy) -> None:
    copy.set("labs.csv", "bria,", country="US")
    sure = copy.set("labs.csv", "laion,", confidence="high")
    copy.set("labs.csv", "unsloth,", note="head office San Francisco")
    alone = copy.set("labs.csv", "mistral,", confidence="medium", note="arguable: everything is")
    copy.set("arguable_homes.csv", "vikhr,", other_country="XX")
    assert [(problem.file, problem.line, problem.message.split(";")[0]) for problem in check(copy.folder)] == [
        ("labs.csv", sure, "'laion' is arguable and of high confidence"),
        ("labs.csv", alone, "'mistral' is arguable"),
        ("arguable_homes.csv", copy.line_of("arguable_homes.csv", "bria,"), "US is the home of 'bria' in that time"),
        (
            "arguable_homes.csv",
            copy.line_of("arguable_homes.csv", "unsloth,"),
            "labs.csv does not call 'unsloth' arguable",
        ),
        (
            "arguable_homes.csv",
            copy.line_of("arguable_homes.csv", "vikhr,"),
            "country 'XX' has no row in countries.csv",
        ),
    ]


def test_a_sound_registry_is_refused_by_neither(copy: Copy) -> None:
    leadershift = Leadershift(copy.folder.parent)
    assert leadershift.invoke("registry", "check").returncode == 0
    is_one_message(leadershift.invoke("build"), NothingYetError.exit_code, "There is no sealed snapshot")


def test_a_cycle_is_told_from_lab_to_parent(copy: Copy) -> None:
    copy.set("labs.csv", "alibaba,", parent="qwen")
    (problem,) = check(copy.folder)
    told = problem.message.removeprefix("parent cycle ").split(";")[0].split(" -> ")
    assert told in (["alibaba", "qwen", "alibaba"], ["qwen", "alibaba", "qwen"])
    copy.set("labs.csv", "alibaba,", parent="openai")
    copy.set("labs.csv", "openai,", parent="qwen")
    (problem,) = check(copy.folder)
    owner_of = {"alibaba": "openai", "openai": "qwen", "qwen": "alibaba"}
    told = problem.message.removeprefix("parent cycle ").split(";")[0].split(" -> ")
    assert [owner_of[lab] for lab in told[:-1]] == told[1:]


def test_lines_after_a_broken_record_are_counted_right(copy: Copy) -> None:
    first = copy.replace("events.csv", "2022-07-11-bloom,", "BLOOM", "BL\n\nOOM")
    last = copy.set("events.csv", "2025-07-09-czechia-deepseek,", kind="ban")
    assert [(problem.file, problem.line) for problem in check(copy.folder)] == [
        ("events.csv", first),
        ("events.csv", last),
    ]


def test_problems_come_in_the_order_of_files_and_lines(copy: Copy) -> None:
    copy.set("licences.csv", "mit,", confidence="certain")
    copy.set("labs.csv", "openai,", parent="nobody")
    copy.set("labs.csv", "alibaba,", kind="startup")
    copy.set("namespaces.csv", "openai,", lab="nobody")
    found = [(problem.file, problem.line) for problem in check(copy.folder)]
    assert [file for file, _line in found] == ["labs.csv", "labs.csv", "namespaces.csv", "licences.csv"]
    assert found[0][1] < found[1][1]


def test_what_hangs_on_an_unreadable_file_is_not_told_again(copy: Copy) -> None:
    copy.path("labs.csv").unlink()
    copy.path("countries.csv").unlink()
    assert [problem.file for problem in check(copy.folder)] == ["labs.csv", "countries.csv"]


def test_a_lab_in_namibia_is_no_lab_without_country(copy: Copy) -> None:
    copy.set("labs.csv", "openai,", country="NA")
    assert check(copy.folder) == []


def test_periods_that_touch_do_not_overlap(copy: Copy) -> None:
    copy.set("namespaces.csv", "openai,", valid_to="2026-03-01")
    copy.insert("namespaces.csv", f"openai,microsoft,2026-03-01,,{SOURCED}")
    assert check(copy.folder) == []


def test_a_later_known_from_supersedes_the_row(copy: Copy) -> None:
    later = SOURCED.replace("2026-11-21", "2027-01-01", 1)
    copy.insert("namespaces.csv", f"openai,openai,,2027-01-01,{later}")
    copy.insert("namespaces.csv", f"openai,microsoft,2027-01-01,,{later}")
    assert check(copy.folder) == []


def test_a_problem_reads_like_a_place_in_an_editor() -> None:
    assert str(Problem("labs.csv", 17, "is odd; next: mend it")) == "labs.csv:17: is odd; next: mend it"
