"""Questions that people really ask, one file each in sql/examples: the question, what the columns of its answer say, the SQL.

Not here: asking them (asking), showing them (reports/site/questions).
"""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.errors import UsageError
from dagster_project.settings import shipped
from dagster_project.warehouse import catalog


@dataclass(frozen=True)
class Example:
    """A question that people ask, the SQL that answers it on any release, and what its columns say."""

    name: str
    question: str
    answer: str
    sql: str


def examples() -> dict[str, Example]:
    """Give every question in sql/examples by its name, which is its file's. Raises UsageError for a header that is none."""
    found = {}
    for path in sorted((shipped("sql") / "examples").glob("*.sql")):
        said, sql = catalog.header(path)
        if said.keys() != {"question", "answer"}:
            raise UsageError(f"The header of {path} says {sorted(said)}, not question and answer.")
        found[path.stem] = Example(path.stem, str(said["question"]).strip(), str(said["answer"]).strip(), sql)
    return found
