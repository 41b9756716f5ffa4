"""A notebook of ours executed in this interpreter, and its outputs set into one self-contained page.

The kernel gets no environment of this machine: no tokens, no user configuration, no start-up files. What is kept of a
notebook is its source and the HTML its cells showed; clocks, ids, paths and printed text are not.
Not here: what a notebook is about (notebooks/), where its results go (weekly).
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.reports.render import clean

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
START_SECONDS = 120  # a cold start on two busy cores took 40
CELL_SECONDS = 180
KEPT_OUTPUTS = ("text/html", "text/plain")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_log = logging.getLogger(__name__)


class CellFailedError(Exception):
    """A cell raised, ran too long or took the kernel with it. Says which cell, by number and by heading."""


def execute(source: Path, parameters: Mapping[str, str], folder: Path) -> NotebookNode:
    """Execute a jupytext notebook with `folder` as its working directory; gives it scrubbed. Raises CellFailedError."""
    import jupytext  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy: only a report needs it
    import papermill  # noqa: PLC0415 - heavy too
    from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415 - heavy too

    notebook: NotebookNode = jupytext.read(source, fmt="py:percent")
    notebook.metadata["kernelspec"] = dict(KERNEL)
    with tempfile.TemporaryDirectory(prefix="leadershift-kernel-") as scratch:
        try:
            executed: NotebookNode = papermill.execute_notebook(
                notebook,
                None,
                parameters=dict(parameters),
                kernel_name=KERNEL["name"],
                progress_bar=False,
                log_output=False,
                start_timeout=START_SECONDS,
                execution_timeout=CELL_SECONDS,
                kernel_manager_class=_kernel_class(Path(scratch)),
                shutdown_kernel="immediate",  # it only read; asking it politely ends in a KeyboardInterrupt on stderr
                extra_arguments=["--InteractiveShellApp.ignore_cwd=True"],
                resources={"metadata": {"path": str(folder)}},
            )
        except papermill.PapermillExecutionError as error:
            where = _cell_name(notebook, error.source)
            raise CellFailedError(f"{where}: {error.ename}: {clean(error.evalue, 400)}") from error
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            raise CellFailedError(f"the kernel: {type(error).__name__}: {clean(error, 400)}") from error
    return _scrubbed(executed)


def to_page(notebook: NotebookNode, template: str, page: Mapping[str, str]) -> str:
    """Set the HTML that an executed notebook shows into a template of ours; `page` is title and description."""
    from nbconvert.exporters import TemplateExporter  # noqa: PLC0415 - heavy: only a report needs it

    # Not HTMLExporter: that one reads every page with another parser than a browser's and writes it anew.
    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_name=template,
        template_file="index.html.j2",
        template_extension=".html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
        filters={"our_prose": _markdown},
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"page": dict(page)})
    return f"{body.strip()}\n"


def _markdown(source: str) -> str:
    """Turn a markdown cell of ours into HTML; even there, tags are text."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath  # noqa: PLC0415 - heavy too

    renderer = IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(source)).strip()


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
    notebook.metadata.clear()
    notebook.metadata.update({"kernelspec": dict(KERNEL), "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata.clear()
        cell.metadata["tags"] = tags
        if cell.cell_type == "code":
            cell.outputs = [_kept(output) for output in cell.outputs if _is_shown(output, number)]
    return notebook


def _is_shown(output: NotebookNode, number: int) -> bool:
    if output.output_type == "stream":
        _log.warning("Notebook cell %d printed, which is not kept: %s", number, clean(output.text, 400))
    return output.output_type in {"display_data", "execute_result"}


def _kept(output: NotebookNode) -> NotebookNode:
    output.metadata.clear()
    for kind in [kind for kind in output.data if kind not in KEPT_OUTPUTS]:
        del output.data[kind]
    return output
