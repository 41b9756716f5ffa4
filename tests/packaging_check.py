"""Builds the wheel and uses it from another folder: the SQL, the registry, the gazetteer and the notebooks must travel with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROBE = """
import sys
from pathlib import Path
import dagster_project
from dagster_project import geography
from dagster_project.settings import shipped
from dagster_project.warehouse import catalog, registry
here = Path(dagster_project.__file__)
assert "site-packages" in here.parts and not here.is_relative_to(sys.argv[1]), here
assert len(catalog.load(shipped("sql"))) >= 16
assert registry.check(shipped("data/registry")) == []
assert (shipped("notebooks") / "weekly.py").is_file()
assert geography.resolve(["Dublin, Ohio", "東京"]) == [("US",), ("JP",)]
from dagster_project.definitions import defs
assert len(list(defs.resolve_all_asset_keys())) > 16
print("the wheel is whole:", here.parent)
"""


def main() -> None:
    """Build, install beside the locked dependencies, probe."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = folder.glob("*.whl")
        # The dependencies are those of the environment that runs us; only leadershift itself comes from the wheel.
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", wheel]
        subprocess.run(install, check=True, cwd=folder)
        locked = next(path for path in sys.path if path.endswith("site-packages"))
        inside = subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        Path(inside, "locked.pth").write_text(f"{locked}\n")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run([python, "-c", PROBE, str(ROOT)], check=True, cwd=folder, env=environment)
        command = [folder / "venv" / "bin" / "leadershift", "doctor"]
        subprocess.run(command, check=True, cwd=folder, env=environment | {"LEADERSHIFT_HOME": str(folder / "home")})


if __name__ == "__main__":
    main()
