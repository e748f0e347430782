"""Build the site: ``python docs/build.py`` writes ``docs/_build/html``; warnings are errors.

The sources are copied to ``docs/_build/source`` and completed there: a page for each chapter of the ledger and each
figure, the public names, the refusals, and the notebooks. ``--quick`` leaves the figures out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / "_build"
SOURCE, HTML = BUILD / "source", BUILD / "html"


def copy_sources() -> None:
    """Copy what changed, so that a second build reads only that; sections of the README go into the pages."""
    from sitemaker.pages import copy, put, with_readme

    from derivations.ledger import MODULES

    for path in HERE.rglob("*"):
        relative = path.relative_to(HERE)
        if relative.parts[0] == "_build" or "__pycache__" in relative.parts or not path.is_file():
            continue
        target = SOURCE / relative
        text = path.read_text(encoding="utf-8") if path.suffix == ".md" else ""
        if "PAGES" in text or (relative.parent.name == "theory" and path.stem in MODULES):
            continue  # completed by the pages module
        if text:
            put(target, with_readme(text))
        else:
            copy(path, target)
    (SOURCE / "extra").mkdir(exist_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Build; return the exit status of Sphinx."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the figures of the gallery out")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier build left")
    chosen = parser.parse_args(arguments)
    if chosen.fresh:
        shutil.rmtree(BUILD, ignore_errors=True)
    sys.path.insert(0, str(HERE))
    from sitemaker import pages

    copy_sources()
    pages.write(SOURCE, figures=not chosen.quick)
    strict = ["-W", "--keep-going", "-n", "-q"]
    folders = ["-d", str(BUILD / "doctrees"), str(SOURCE), str(HTML)]
    command = [sys.executable, "-m", "sphinx", "-b", "html", *strict, *folders]
    shutil.rmtree(HTML, ignore_errors=True)  # Sphinx leaves pages there that have gone
    environment = os.environ | {"CHAINTHEORY_ROOT": str(HERE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
