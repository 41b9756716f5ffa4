"""The command line as its users meet it: words, JSON and exit codes. A whole rehearsal is asked of a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner

from dagster_project.calendar import Week
from dagster_project.cli import main
from dagster_project.errors import EXIT_CODES, RefusedError
from dagster_project.warehouse.published import open_release
from tests.faults.stage import ROOT, Leadershift, is_one_message

WEEKS = ["2026-W45", "2026-W46", "2026-W47"]
# Models, repositories and stars of each week, and one import.
# Models, repositories, stars and people of each week, and the owners once.
SEALED = 4 * len(WEEKS) + 1
AFTER_THE_LAST = {"LEADERSHIFT_NOW": "2026-11-16T03:00:00+00:00"}


def json_of(leadershift, *arguments):
    """Run the command, which must succeed and print JSON and nothing else."""
    return printed(leadershift.invoke(*arguments, "--json"))


def printed(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """What `rehearse demo` prints as a process of its own: three weeks of 300 models, from the capture to the page."""
    home = tmp_path_factory.mktemp("cli") / "home"
    return printed(Leadershift(home).command("rehearse", "demo", "--models", "300", "--weeks", "3", "--json"))


@pytest.fixture(scope="module")
def leadershift(rehearsed):
    return Leadershift(Path(rehearsed["home"]), AFTER_THE_LAST)


@pytest.fixture
def fresh(tmp_path):
    return Leadershift(tmp_path / "home", AFTER_THE_LAST)


def commands(group=main, path=()):
    """Give every command there is, with its path; the group loads them when it is asked for all."""
    for name in group.list_commands(click.Context(group)):
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


# Help


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path):
    shown = CliRunner().invoke(main, [*path, "--help"])
    assert shown.exit_code == 0
    words, example = shown.stdout.split("Example:")
    assert example.strip().startswith(f"leadershift {' '.join(path)}")
    assert len(words.split("\n\n")[1].split()) > 3, "a sentence, not a word"


def test_the_help_lists_every_command_and_every_exit_code(fresh):
    shown = fresh.invoke("--help")
    assert shown.returncode == 0
    for name in main.commands:
        assert f"\n  {name} " in shown.stdout
    for code, meaning in EXIT_CODES.items():
        assert f"{code}  {meaning}" in shown.stdout


def test_an_unknown_command_and_an_unknown_option_are_refused(fresh):
    for arguments in (["nonsense"], ["capture", "--nonsense"], ["query"]):
        result = fresh.invoke(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert "Traceback" not in result.stderr


# JSON


def json_of_each_command(leadershift, rehearsed, fresh):
    """Run every command that knows --json; the steps in the order in which they depend on each other."""
    table = leadershift.home / "archive.parquet"
    pl.DataFrame({"id": ["a/x"], "downloads": [1]}).write_parquet(table)
    return {
        ("rehearse", "demo"): rehearsed,
        ("rehearse", "run"): json_of(fresh, "rehearse", "run", "--models", "80", "--weeks", "2", "--no-faults"),
        ("doctor",): json_of(leadershift, "doctor"),
        ("registry", "check"): json_of(leadershift, "registry", "check"),
        ("capture",): json_of(leadershift, "capture"),
        ("import",): json_of(leadershift, "import", "table", str(table), "--observed-at", "2026-10-14"),
        ("verify",): json_of(leadershift, "verify"),
        ("repair",): json_of(leadershift, "repair"),
        ("tidy",): json_of(leadershift, "tidy"),
        ("erase",): json_of(leadershift, "erase", "nobody-of-that-name", "--reason", "a test", "--yes"),
        ("build",): json_of(leadershift, "build"),
        ("audit",): json_of(leadershift, "audit"),
        ("publish",): json_of(leadershift, "publish"),
        ("report",): json_of(leadershift, "report", "--week", "2026-W47"),
        ("status",): json_of(leadershift, "status"),
        ("query",): json_of(leadershift, "query", "from marts.releases"),
        ("tables",): json_of(leadershift, "tables"),
        ("describe",): json_of(leadershift, "describe", "marts.share_by_country"),
        ("examples",): json_of(leadershift, "examples"),
    }


def test_json_is_all_that_is_printed_by_every_command_that_knows_it(leadershift, rehearsed, fresh, capfd):
    said = json_of_each_command(leadershift, rehearsed, fresh)
    assert capfd.readouterr().out == "", "printed past Python, by DuckDB or by a child"
    know_json = {path for path, command in COMMANDS.items() if any("--json" in p.opts for p in command.params)}
    assert set(said) == know_json - {("run",)}, "a whole run and its JSON: faults/test_kill"
    assert {verdict["is_held"] for verdict in rehearsed["verdicts"]} == {True, None}
    assert said["capture",]["pages_fetched"] == 0
    assert said["import",]["imported"][0]["loaded"] == 1
    assert said["verify",] == {"snapshots": SEALED, "troubles": [], "copy_troubles": []}
    assert said["repair",] == {"mended": [], "left": []}
    assert said["tidy",] == {"snapshots": [], "bytes": 0, "is_dry_run": False}
    assert said["erase",]["files"] == 0
    assert said["build",]["tables"]["core.snapshots"] == SEALED
    assert said["audit",]["passed"] is True
    assert said["publish",]["is_new"] is True
    assert said["report",]["page"].endswith("2026-W47/weekly.html")
    assert Path(said["report",]["page"]).is_file()
    assert said["status",]["release"] == said["publish",]["release_id"]
    assert [row["release_id"] for row in said["query",]] == [rehearsed["release_id"], said["publish",]["release_id"]]
    assert {"table", "rows", "meaning"} == set(said["tables",][0])
    assert {"column", "type", "meaning", "made_from"} == set(said["describe",]["columns"][0])
    assert {"name", "question", "answer", "sql"} == set(said["examples",][0])


def test_status_says_what_is_sealed_missing_and_next(leadershift, fresh):
    found = json_of(leadershift, "status")
    sealed = [snapshot["week"] for snapshot in found["snapshots"] if snapshot["source"] == "huggingface"]
    assert (sealed, found["is_week_sealed"], found["unfinished"]) == (WEEKS, True, None)
    assert json_of(fresh, "status") | {"home": ""} == {
        "home": "",
        "week": "2026-W47",
        "is_week_sealed": False,
        "snapshots": [],
        "gaps": [],
        "damaged_seals": [],
        "copy": None,
        "unfinished": None,
        "awaiting_sign_off": [],
        "paused_until": None,
        "github": None,
        "release": None,
        "release_known_at": None,
        "is_published": False,
        "next_command": "leadershift run",
    }


def test_a_week_that_nobody_captured_stays_a_gap(leadershift):
    later = leadershift.invoke("status", LEADERSHIFT_NOW="2026-12-07T02:00:00Z").stdout
    assert "gap       2026-W48: nobody captured it\ngap       2026-W49: nobody captured it\n" in later


def test_the_table_of_weeks_and_status_know_the_same_weeks(leadershift):
    rows = json_of(
        leadershift, "query", "select cast(week as varchar) as week, * exclude week from core.weeks order by 1"
    )
    captured = [str(Week.parse(row["week"])) for row in rows if row["is_captured"]]
    assert captured == WEEKS
    assert [row["week"] for row in rows if row["is_gap"]] == json_of(leadershift, "status")["gaps"] == []


def test_status_in_words_says_the_same(leadershift):
    said = leadershift.invoke("status").stdout
    for week in WEEKS:
        assert f"({week}, sealed)" in said
    assert "now       2026-W47, sealed" in said


# Queries


def test_a_query_is_an_array_of_row_objects(leadershift):
    rows = json_of(
        leadershift,
        "query",
        "select 1 as one, null as nothing, 'x' as text, 1.5::decimal(4, 2) as half, [1, 2] as list",
    )
    assert rows == [{"one": 1, "nothing": None, "text": "x", "half": 1.5, "list": [1, 2]}]
    assert json_of(leadershift, "query", "select date '2026-10-26' as day where false") == []


def test_json_of_a_query_has_no_number_that_json_forbids(leadershift):
    result = leadershift.invoke("query", "select 'nan'::double as a, ['inf'::double] as b", "--json")
    assert json.loads(result.stdout, parse_constant=pytest.fail) == [{"a": None, "b": [None]}]


def test_sql_without_a_statement_is_refused(leadershift):
    is_one_message(leadershift.invoke("query", "/* nothing */"), 2, "no statement")


def test_two_columns_of_one_name_are_refused_as_json_rather_than_lost(leadershift):
    is_one_message(leadershift.invoke("query", "select 1 as a, 2 as a", "--json"), 2, "called a")
    assert leadershift.invoke("query", "select 1 as a, 2 as a").returncode == 0


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select * frm marts.share_by_country", "syntax error"),
        ("from marts.nowhere", "does not exist"),
        ("create table marts.mine as select 1", "read-only"),
        ("drop table marts.share_by_country", "read-only"),
        ("from read_text('/etc/hostname')", "disabled"),
        ("copy (select 1) to '/tmp/leadershift-test.csv'", "disabled"),
        ("set enable_external_access = true", "Cannot change"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_in_words(leadershift, sql, says):
    result = leadershift.invoke("query", sql, "--json")
    is_one_message(result, 2, "The release can't answer that", says, "Go on with: leadershift tables")
    assert result.stdout == ""


def test_what_the_hub_wrote_cannot_drive_the_terminal(leadershift):
    said = leadershift.invoke("query", "select chr(27) || '[31mred' || chr(8238) as text").stdout
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "red" in said


def test_a_long_answer_is_cut_on_a_terminal_only(leadershift):
    assert "... 40 more rows; --json prints all" in leadershift.invoke("query", "from range(100)").stdout
    assert len(json_of(leadershift, "query", "from range(100)")) == 100


@pytest.mark.parametrize("table", ["marts.share_by_country", "share_by_country"])
def test_describe_says_what_each_column_means(leadershift, table):
    said = leadershift.invoke("describe", table).stdout
    assert "share_of_total" in said
    assert "..1" in said


def test_describe_lists_the_tables_there_are_or_names_the_nearest(leadershift):
    is_one_message(
        leadershift.invoke("describe", "xyz.qqqqqqqq"), 2, "There is no table xyz.qqqqqqqq", "marts.share_by_lab"
    )
    for asked in (["describe", "share_by_contry"], ["query", "from marts.share_by_contry"]):
        says = "Go on with: leadershift describe marts.share_by_country"
        is_one_message(leadershift.invoke(*asked), 2, "share_by_contry", "nearest", says)
    assert "Labs as reviewed" in leadershift.invoke("describe", "labs").stdout, "not only marts"


MEASURED = """
import resource, sys
from dagster_project.cli import main
try:
    main(["query", "select count(*) as n from marts.share_by_country", "--json"])
except SystemExit as ended:
    assert not ended.code
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, sorted({"polars", "sqlglot", "dagster", "huggingface_hub", "altair"} & set(sys.modules)))
"""


def test_a_query_is_answered_before_anybody_gets_impatient(leadershift):
    """Processor time of a cold process, so that a busy machine does not fail it."""
    environment = {"PYTHONPATH": str(ROOT), "LEADERSHIFT_HOME": str(leadershift.home)}
    ran = subprocess.run([sys.executable, "-c", MEASURED], env=environment, capture_output=True, text=True, check=True)
    seconds, heavy = ran.stdout.splitlines()[-1].split(" ", 1)
    assert float(seconds) < 1
    assert heavy == "[]"


# What another program does with the release


def test_a_shell_opens_the_release_read_only(leadershift, fresh, tmp_path):
    """Where no DuckDB command line is installed, a stand-in with its arguments shows what it would be asked to open."""
    shell = tmp_path / "bin" / "duckdb"
    shell.parent.mkdir()
    shell.write_text(
        f"#!{sys.executable}\nimport duckdb, sys\nflag, path = sys.argv[1:]\nassert flag == '-readonly'\n"
        "print(duckdb.connect(path, read_only=True).sql('select count(*) > 0 from marts.share_by_country').fetchall())\n"
    )
    shell.chmod(0o755)
    shown = leadershift.command("sql", "--with", "duckdb", PATH=f"{shell.parent}")
    assert (shown.returncode, shown.stdout) == (0, "[(True,)]\n"), shown.stderr
    absent = leadershift.invoke("sql", "--with", "harlequin", PATH=f"{tmp_path}")
    is_one_message(absent, 2, "there harlequin", "every DuckDB since 1.2 opens it", "Go on with: pip install harlequin")
    is_one_message(fresh.invoke("sql"), 7, "Nothing has been published", "Go on with: leadershift run")
    is_one_message(fresh.invoke("explore"), 7, "Go on with: leadershift run")


def test_a_release_that_somebody_has_open_for_writing_is_refused_in_words(leadershift, rehearsed):
    release = json.loads((leadershift.home / "published" / "current.json").read_text())
    database = leadershift.home / release["database"]
    writable = leadershift.home / "writable.duckdb"
    shutil.copy(database, writable)
    writable.chmod(0o644)
    hold = f"import duckdb; c = duckdb.connect({str(writable)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RefusedError, match="is open for writing in another program"):
            open_release(writable)
        holder.communicate("\n")
    open_release(writable).close()


def test_a_damaged_pointer_is_one_message(leadershift, tmp_path):
    pointer = tmp_path / "home" / "published" / "current.json"
    pointer.parent.mkdir(parents=True)
    for content, code, says in (("{", 4, "can't be read"), ('{"release_id": "x"}', 4, "can't be read")):
        pointer.write_text(content)
        is_one_message(Leadershift(tmp_path / "home").invoke("tables"), code, says, "Go on with: leadershift publish")


@pytest.mark.parametrize("week", ["2026-W43", "2026-10-19"])
def test_a_week_may_be_its_number_or_its_monday(leadershift, week):
    result = leadershift.invoke("capture", "--week", week)
    is_one_message(result, 6, "Week 2026-W43 can't be captured")


# Refusals


@pytest.mark.parametrize("week", ["2026-W60", "2026-10-20", "last week", "2026-W4", ""])
def test_a_wrong_week_is_one_sentence(fresh, week):
    result = fresh.invoke("capture", "--week", week)
    assert result.returncode == 2
    assert f"'{week}' is not a week. Write 2026-W47, or the date of its Monday: 2026-11-16." in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"LEADERSHIFT_NOW": "tomorrow"}, "'tomorrow' is not an ISO time"),
        ({"HF_ENDPOINT": "ftp://hub.example"}, "HF_ENDPOINT is 'ftp://hub.example'"),
        ({"HF_ENDPOINT": "hub.example"}, "HF_ENDPOINT is 'hub.example'"),
        ({"HF_ENDPOINT": "http://hub.example"}, "a token would travel in clear"),
        ({"HF_ENDPOINT": "https://me:secret@hub.example"}, "not a plain http(s) address"),
        ({"GITHUB_API_URL": "http://git.example"}, "GITHUB_API_URL is 'http://git.example'"),
    ],
)
def test_a_wrong_setting_is_one_sentence(fresh, environment, says):
    is_one_message(fresh.invoke("status", **environment), 2, says)


def test_a_pretended_time_beside_a_real_endpoint_is_ignored_aloud(fresh):
    result = fresh.invoke("doctor", HF_ENDPOINT="https://hub.example")
    assert result.returncode == 2
    assert "LEADERSHIFT_NOW is ignored" in result.stderr
    assert "NO  clock" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "next_command"),
    [
        (["build"], "leadershift capture"),
        (["audit"], "leadershift build"),
        (["publish"], "leadershift build"),
        (["report"], "leadershift run"),
        (["query", "select 1"], "leadershift run"),
        (["tables"], "leadershift run"),
        (["describe", "share_by_country"], "leadershift run"),
    ],
)
def test_without_a_release_each_command_says_what_comes_first(fresh, arguments, next_command):
    is_one_message(fresh.invoke(*arguments), 7, f"Go on with: {next_command}")


def test_verifying_nothing_is_no_trouble(fresh):
    assert json_of(fresh, "verify") == {"snapshots": 0, "troubles": [], "copy_troubles": []}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.parquet"], "There is no file nowhere.parquet"),
        (["no\x1b[31m\u202ewhere.parquet", "--source", "nowhere"], "There is no file no?[31m?where.parquet"),
        (["nowhere.parquet", "--map", "model_name"], "--map takes OURS=THEIRS, not 'model_name'"),
        (["nowhere.parquet", "--source", "../up"], "'../up' can't name an archive"),
        (["nowhere.parquet", "--source", "huggingface"], "'huggingface' can't name an archive"),
        (["nowhere.parquet", "--observed-at", "then"], "'then' is not an ISO time"),
    ],
)
def test_an_import_that_cannot_be_is_refused_in_words(fresh, arguments, says):
    is_one_message(fresh.invoke("import", "table", *arguments), 2, says)


def test_a_broken_registry_stops_the_build(fresh):
    labs = fresh.home / "registry" / "labs.csv"
    labs.parent.mkdir(parents=True)
    labs.write_text("lab\nnobody\n")
    checked = fresh.invoke("registry", "check", "--json")
    assert checked.returncode == 5
    assert json.loads(checked.stdout)["problems"]
    is_one_message(fresh.invoke("build"), 5, "The registry has", "leadershift registry check")


def test_a_rehearsal_touches_no_folder_but_its_own(fresh):
    foreign = fresh.home / "rehearsal" / "thesis.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("precious")
    is_one_message(fresh.invoke("rehearse", "demo"), 6, "is not a rehearsal's folder")
    assert foreign.read_text() == "precious"
