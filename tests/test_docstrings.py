"""What is public is what is promised, has a docstring, and its examples run."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
import types

import pytest

import chaintheory
import chaintheory_ext
import derivations

MODULES = [
    *sorted(
        module.name
        for package in (chaintheory, chaintheory_ext, derivations)
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        if not module.name.endswith("__main__")
    ),
    "chaintheory",
    "derivations",
]
PROMISED = [name for name in chaintheory.__all__ if not name.startswith("_")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_it_is(name):
    assert (importlib.import_module(name).__doc__ or "").strip()


@pytest.mark.parametrize("name", MODULES)
def test_all_is_there(name):
    module = importlib.import_module(name)
    missing = [entry for entry in getattr(module, "__all__", ()) if not hasattr(module, entry)]
    assert missing == []


def test_nothing_else_is_public():
    assert dir(chaintheory) == sorted(chaintheory.__all__)
    for name in chaintheory.__all__:
        getattr(chaintheory, name)
    present = {
        name
        for name, value in vars(chaintheory).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert present - {"annotations"} <= set(chaintheory.__all__)


@pytest.mark.parametrize("name", PROMISED)
def test_promised_names_have_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(chaintheory, name))


@pytest.mark.parametrize("name", PROMISED)
def test_members_have_docstrings(name):
    value = getattr(chaintheory, name)
    if inspect.isclass(value):
        bare = [
            member
            for member, what in vars(value).items()
            if not member.startswith("_")
            and (inspect.isfunction(what) or isinstance(what, property | classmethod))
            and not inspect.getdoc(getattr(value, member))
        ]
        assert bare == []


def test_one_version():
    from pathlib import Path

    root = Path(__file__).parent.parent
    citation = (root / "CITATION.cff").read_text()
    assert f"\nversion: {chaintheory.__version__}\n" in citation
    assert f'\nversion = "{chaintheory.__version__}"\n' in (root / "pyproject.toml").read_text()


HEAVY = ["dask", "distributed", "flint", "h5netcdf", "h5py", "matplotlib", "pandas", "scipy", "sympy", "xarray"]


@pytest.mark.parametrize("program", ["import chaintheory", "from chaintheory.cli import main; main(['--help'])"])
def test_nothing_heavy_is_loaded(program):
    ending = f"import sys; print('loaded:', [m for m in {HEAVY} if m in sys.modules])"
    program = f"try:\n    {program}\nfinally:\n    {ending}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_doctor_tells_the_vectors():
    from chaintheory_ext import build_info

    assert build_info.vector_width() in (1, 2, 4, 8)
    assert "-O3" in build_info.flags() or "/O2" in build_info.flags()
    assert build_info.target() and build_info.compiler()
