"""A notebook of ours executed in this interpreter, and its outputs set into one self-contained page.

The kernel gets no environment of this machine: no tokens, no user configuration, no start-up files. What is kept of a
notebook is its source and the HTML its cells showed; clocks, ids, paths and printed text are not.
Not here: what a notebook is about (notebooks/), where its results go (weekly).
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dagster_project.reports import template
from dagster_project.reports.render import Fragment, clean

if TYPE_CHECKING:
    from nbformat import NotebookNode

START_SECONDS = 120  # a cold start on two busy cores took 40
CELL_SECONDS = 180
KEPT_OUTPUTS = ("text/html", "text/plain")
CLEARING = "leadershift-clearing"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_CELL = re.compile(r"<t([hd])(?: [^>]*)?>")
_log = logging.getLogger(__name__)


class CellFailedError(Exception):
    """A cell raised, ran too long or took the kernel with it. Says which cell, by number and by heading."""


class Kernel:
    """One process in which notebooks are executed one after the other; starting it is most of what a notebook costs.

    Use it as a context manager. Nothing of one notebook's names is left when the next begins.
    """

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="leadershift-kernel-")
        self._manager = _kernel_class(Path(self._scratch.name))()

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from jupyter_core.utils import run_sync  # noqa: PLC0415 - heavy: only a report needs it

        if self._manager.has_kernel:
            # It only read; asking it politely ends in a KeyboardInterrupt on stderr.
            run_sync(self._manager.shutdown_kernel)(now=True)
        self._scratch.cleanup()

    def execute(self, source: Path, parameters: Mapping[str, str], folder: Path) -> NotebookNode:
        """Execute a jupytext notebook with `folder` as its working directory; gives it scrubbed. Raises CellFailedError."""
        import jupytext  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy: only a report needs it
        import nbformat  # noqa: PLC0415 - heavy too
        import papermill  # noqa: PLC0415 - heavy too
        from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415 - heavy too

        notebook: NotebookNode = jupytext.read(source, fmt="py:percent")
        notebook.metadata["kernelspec"] = dict(KERNEL)
        clearing = nbformat.v4.new_code_cell("%reset -f", metadata={"tags": [CLEARING]})  # type: ignore[no-untyped-call]
        started = nbformat.from_dict({**notebook, "cells": [clearing, *notebook.cells]})  # type: ignore[no-untyped-call]
        try:
            executed: NotebookNode = papermill.execute_notebook(
                started,
                None,
                parameters=dict(parameters),
                kernel_name=KERNEL["name"],
                progress_bar=False,
                log_output=False,
                start_timeout=START_SECONDS,
                execution_timeout=CELL_SECONDS,
                km=self._manager,
                extra_arguments=["--InteractiveShellApp.ignore_cwd=True"],
                resources={"metadata": {"path": str(folder)}},
            )
        except papermill.PapermillExecutionError as error:
            where = _cell_name(notebook, error.source)
            raise CellFailedError(f"{where}: {error.ename}: {clean(error.evalue, 400)}") from error
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            raise CellFailedError(f"the kernel: {type(error).__name__}: {clean(error, 400)}") from error
        return _scrubbed(executed)


def to_page(notebook: NotebookNode, about: Mapping[str, object]) -> str:
    """Set the prose of an executed notebook and the HTML that it shows into our template; `about` goes into its head."""
    return template.fill("report.html.j2", {**about, "parts": list(_parts(notebook))})


def _parts(notebook: NotebookNode) -> Iterator[Fragment]:
    for cell in notebook.cells:
        if "notebook-only" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            yield prose(cell.source)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                yield Fragment("".join(output.data["text/html"]))


def prose(source: str) -> Fragment:
    """Turn Markdown of ours into HTML; even there, tags are text."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath  # noqa: PLC0415 - heavy too

    renderer = IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    html = str(MarkdownWithMath(renderer=renderer).render(source)).strip()
    # Columns aligned in Markdown come with inline styles, which no page of ours allows.
    return Fragment(_CELL.sub(lambda cell: '<th scope="col">' if cell[1] == "h" else "<td>", html))


def _kernel_class(scratch: Path) -> type[Any]:
    """Make the kernel manager of one execution: always this interpreter, whatever kernelspecs a user has installed."""
    import zmq  # noqa: PLC0415 - heavy too
    from jupyter_client.kernelspec import KernelSpec  # noqa: PLC0415 - heavy too
    from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415 - heavy too

    spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name=KERNEL["display_name"],
        language=KERNEL["language"],
        metadata={"supported_encryption": ["curve"]},
    )
    # Set from nothing: what isn't handed over can't end in an output. The module path makes it the same code as ours.
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "TZ": "UTC",
        "IPYTHONDIR": str(scratch),
        "JUPYTER_CONFIG_DIR": str(scratch),
        "JUPYTER_PLATFORM_DIRS": "1",
    }

    class OwnKernel(AsyncKernelManager):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.connection_file = str(scratch / "kernel.json")
            self.transport_encryption = "auto" if zmq.has("curve") else "disabled"

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            await super().start_kernel(**options | {"env": environment})

    return OwnKernel


def _cell_name(notebook: NotebookNode, source: str) -> str:
    """Say which cell of the file that a person edits has this source, with the heading it stands under."""
    heading = ""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            heading = cell.source.splitlines()[0].lstrip("# ")
        if cell.source == source:
            return f"cell {number}" + (f" (under '{heading}')" if heading else "")
    return "the cell with the parameters"


def _scrubbed(notebook: NotebookNode) -> NotebookNode:
    """Keep what a reader needs and a second run repeats: source, tags and shown HTML."""
    notebook.cells = [cell for cell in notebook.cells if CLEARING not in cell.metadata.get("tags", [])]
    notebook.metadata.clear()
    notebook.metadata.update({"kernelspec": dict(KERNEL), "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata.clear()
        cell.metadata["tags"] = tags
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_kept(output) for output in cell.outputs if _is_shown(output, number)]
    return notebook


def _is_shown(output: NotebookNode, number: int) -> bool:
    if output.output_type == "stream":
        _log.warning("Notebook cell %d printed, which is not kept: %s", number, clean(output.text, 400))
    return output.output_type in {"display_data", "execute_result"}


def _kept(output: NotebookNode) -> NotebookNode:
    output.metadata.clear()
    if "execution_count" in output:
        output.execution_count = None
    for kind in [kind for kind in output.data if kind not in KEPT_OUTPUTS]:
        del output.data[kind]
    return output
