#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2"]
# ///
"""The sessions of ``nox``: each makes an environment of its own; a Python that is missing is told, not an error.

``nox -l`` lists them; ``nox -s tests-3.12`` runs one. ``make check`` runs the same things in one environment.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "venv"

PYTHONS = ["3.11", "3.12", "3.13"]
PROJECT = nox.project.load_toml("pyproject.toml")
ROOT = Path(__file__).parent


def suite(session: nox.Session, *arguments: str) -> None:
    """Run the suite against the installed package, from a directory outside the tree."""
    session.chdir(session.create_tmp())
    session.run(
        "python",
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        f"--rootdir={ROOT}",
        str(ROOT / "tests"),
        *arguments,
        *session.posargs,
        env={"OPENBLAS_NUM_THREADS": "1"},  # as in the Makefile
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style, layout, spelling and the repository's form."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell", external=False)
    session.run("repo-review", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly, against the dependencies as they are installed."""
    session.install(".", *nox.project.dependency_groups(PROJECT, "lint"))
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the suite with one Python and the newest dependencies."""
    session.install(".[test]")
    suite(session)


@nox.session(python="3.11", default=False)
def oldest(session: nox.Session) -> None:
    """Run the suite with the oldest dependencies that are promised."""
    oldest = [requirement.replace(">=", "==") for requirement in PROJECT["project"]["dependencies"]]
    session.install(".[test]", *oldest)
    session.run("python", "-m", "pip", "list", silent=False)
    suite(session)


@nox.session(python=PYTHONS[-1], default=False)
def newest(session: nox.Session) -> None:
    """Run the suite with the newest dependencies, pre-releases among them."""
    session.install("--pre", "--upgrade", ".[test]")
    session.run("python", "-m", "pip", "list", silent=False)
    suite(session)


@nox.session(default=False)
def regenerate(session: nox.Session) -> None:
    """Write the generated code again from the ledger; it must not differ."""
    session.install(".")
    session.run("python", "-m", "derivations", "--regenerate")
    session.run("git", "diff", "--exit-code", "chaintheory_ext/generated", external=True)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Run what the documentation shows: notebooks, docstrings and the README."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "notebooks", "tests/test_docstrings.py", "tests/test_readme.py")


@nox.session(default=False)
def wheel(session: nox.Session) -> None:
    """Build wheel and source distribution and check both."""
    session.install(*nox.project.dependency_groups(PROJECT, "package"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")
    files = [str(path) for path in Path("dist").iterdir()]
    session.run("twine", "check", "--strict", *files)
    session.run("check-wheel-contents", *(name for name in files if name.endswith(".whl")))


if __name__ == "__main__":
    nox.main()
