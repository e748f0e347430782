"""What is public is what is promised, has a docstring, and its examples run."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import types
from functools import cached_property
from pathlib import Path

import pytest
import sympy

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


def members(module):
    """Path and definition of what the classes of a module define."""
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield from ((f"{name}.{member}", what) for member, what in vars(value).items())


def public():
    """Path -> definition of every promised name of chaintheory, and of what its classes define for users."""
    found = {}
    for name in PROMISED:
        value = found[name] = getattr(chaintheory, name)
        if not inspect.isclass(value):
            continue
        for member, what in vars(value).items():
            described = inspect.isfunction(what) or isinstance(what, property | cached_property | classmethod)
            # What overrides a method of Interaction without a word is described there.
            if described and not member.startswith("_") and (what.__doc__ or not hasattr(value.__base__, member)):
                found[f"{name}.{member}"] = what
    return found


PUBLIC = public()
DERIVED = {
    f"{module}.{name}": getattr(importlib.import_module(module), name)
    for module in MODULES
    if module.startswith("derivations.")
    for name in getattr(importlib.import_module(module), "__all__", ())
    if callable(getattr(importlib.import_module(module), name))
    and not isinstance(getattr(importlib.import_module(module), name), sympy.core.function.UndefinedFunction)
}
UNIT = re.compile(
    r"\b([lt]_slow|Omega_slow|[Uu]nits?|pure number|energy|kg|N/m|m/s|rad/s|SI)\b|, [msJ]\.$", re.MULTILINE
)
# Text, files, names of things: no number with a unit.
UNITLESS = {"Interaction.from_expression", "Trajectory.save", "Trajectory.load", "GaussianMixture.parts"}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = finder.find(module, name)
    for path, value in members(module):  # which doctest does not look into
        if isinstance(value, cached_property):
            tests += finder.find(value.func, f"{name}.{path}", module, vars(module))
    for test in tests:
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
    assert present - {"annotations", "TYPE_CHECKING"} <= set(chaintheory.__all__)


@pytest.mark.parametrize("name", [*PUBLIC, *DERIVED])
def test_an_example_of_every_public_name(name):
    assert ">>>" in ((PUBLIC | DERIVED)[name].__doc__ or "")


def described(name):
    """The docstring; of a class, with those of the classes it is built on."""
    value = PUBLIC[name]
    return "\n".join(base.__doc__ or "" for base in value.__mro__) if inspect.isclass(value) else value.__doc__ or ""


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in UNITLESS])
def test_units_of_every_public_name(name):
    assert UNIT.search(described(name))


@pytest.mark.parametrize("name", PUBLIC)
def test_errors_of_every_public_name(name):
    """Whatever takes an argument can be given a wrong one."""
    value = PUBLIC[name]
    function = value.__func__ if isinstance(value, classmethod) else value
    raised = inspect.isclass(value) and issubclass(value, BaseException)  # made by the package only
    if raised or isinstance(value, property | cached_property):
        return
    parameters = [given for given in inspect.signature(function).parameters if given not in ("self", "cls")]
    if parameters:
        assert re.search(r"Raises|Error", described(name))


def test_one_version():
    root = Path(__file__).parent.parent
    citation = (root / "CITATION.cff").read_text()
    assert f"\nversion: {chaintheory.__version__}\n" in citation
    assert f'\nversion = "{chaintheory.__version__}"\n' in (root / "pyproject.toml").read_text()


def stub(module):
    """What the stub of a compiled module declares: path -> parameters, or None for what is no function."""
    declared = {}
    tree = ast.parse(Path(module.__file__).with_name(module.__name__.split(".")[-1] + ".pyi").read_text())
    for node in tree.body:
        inside = [(f"{node.name}.", part) for part in node.body] if isinstance(node, ast.ClassDef) else []
        for prefix, part in [("", node), *inside]:
            if isinstance(part, ast.FunctionDef):
                arguments = part.args
                named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
                declared[prefix + part.name] = [name for name in named if name != "self"]
            elif isinstance(part, ast.ClassDef):
                declared[prefix + part.name] = None
            elif isinstance(part, ast.AnnAssign):
                declared[prefix + part.target.id] = None
    return declared


@pytest.mark.parametrize(
    "name", [name for name in MODULES if name.startswith("chaintheory_ext.") and "generated" not in name]
)
def test_stubs_declare_what_is_there(name):
    module = importlib.import_module(name)
    declared = stub(module)
    for path, parameters in declared.items():
        value = module
        for part in path.split("."):
            value = getattr(value, part)
        if parameters is not None and not path.endswith("__init__"):  # whose signature Cython does not keep
            assert [given for given in inspect.signature(value).parameters if given != "self"] == parameters
    classes = [path for path in declared if inspect.isclass(getattr(module, path, None))]
    present = {
        prefix + name
        for prefix, owner in [("", module), *((f"{path}.", getattr(module, path)) for path in classes)]
        for name, value in vars(owner).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert present <= set(declared)


HEAVY = ["dask", "distributed", "flint", "h5netcdf", "h5py", "matplotlib", "pandas", "scipy", "sympy", "xarray"]


@pytest.mark.parametrize(
    "program",
    [
        "import chaintheory",
        "from chaintheory.cli.main import main; main(['--help'])",
        "from chaintheory.cli.main import main; main(['--version'])",
    ],
)
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
