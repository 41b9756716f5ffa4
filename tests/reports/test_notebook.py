from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dagster_project.reports import notebook

SPYING = """\
# %% [markdown]
# ## Where am I
# %% tags=["parameters"]
name = "nobody"
# %%
import json, os, sys, warnings
import dagster_project
print("printed", os.getcwd()); warnings.warn("noisy")
seen = dict(python=sys.executable, env=dict(os.environ), package=dagster_project.__file__, cwd=os.getcwd(), name=name, path=sys.path)
from dagster_project.reports.render import Fragment
Fragment("<pre>" + json.dumps(seen) + "</pre>")
"""
FAILING = """\
# %% [markdown]
# ## The part that breaks
# %%
raise ValueError("no such column \\x1b[31m\\u202e" + "x" * 5000)
"""


# One notebook after the other in one process: what the first one named is gone.
LEFT_BEHIND = """\
# %%
from dagster_project.reports.render import Fragment
Fragment(f"<p>{'seen' in globals()} {'name' in globals()}</p>")
"""


def executed(*sources: Path, folder: Path) -> list[Any]:
    with notebook.Kernel() as kernel:
        return [
            kernel.execute(source, {"name": "somebody"} if source is sources[0] else {}, folder) for source in sources
        ]


def test_the_kernel_is_this_interpreter_and_sees_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["/bin/false"], "display_name": "broken", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    (tmp_path / "json.py").write_text("raise SystemExit('the working directory shadows a module')")
    source = tmp_path / "spying.py"
    source.write_text(SPYING)
    second = tmp_path / "second.py"
    second.write_text(LEFT_BEHIND)
    results: list[Any] = []
    # Dagster runs steps outside of the main thread.
    thread = threading.Thread(target=lambda: results.extend(executed(source, second, folder=tmp_path)))
    thread.start()
    thread.join()
    cells = results[0].cells
    assert [output.output_type for output in cells[-1].outputs] == ["execute_result"]
    seen = json.loads(cells[-1].outputs[0].data["text/html"].removeprefix("<pre>").removesuffix("</pre>"))
    assert seen["python"] == sys.executable
    assert Path(seen["package"]).parent == Path(notebook.__file__).parents[1]
    assert seen["cwd"] == str(tmp_path)
    assert seen["name"] == "somebody"
    assert "HF_TOKEN" not in seen["env"]
    assert "HOME" not in seen["env"]
    assert set(results[0].metadata) == {"kernelspec", "language_info"}
    assert [cell.id for cell in cells] == ["cell-01", "cell-02", "cell-03", "cell-04"]
    assert all(set(cell.metadata) == {"tags"} for cell in cells)
    assert cells[-1].outputs[0].data["text/plain"].startswith("Fragment of ")
    assert results[1].cells[-1].outputs[0].data["text/html"] == "<p>False False</p>"


def test_a_failing_cell_is_named_by_number_and_heading(tmp_path: Path) -> None:
    source = tmp_path / "failing.py"
    source.write_text(FAILING)
    with pytest.raises(notebook.CellFailedError) as caught:
        executed(source, folder=tmp_path)
    message = str(caught.value)
    assert message.startswith("cell 2 (under 'The part that breaks'): ValueError: no such column [31mxxx")
    assert len(message) < 600


def test_importing_the_page_imports_nothing_heavy() -> None:
    heavy = ["altair", "vl_convert", "papermill", "nbconvert", "jupytext", "jupyter_client", "IPython", "jinja2"]
    ours = "dagster_project.reports.weekly, dagster_project.reports.site"
    code = f"import sys, {ours}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
