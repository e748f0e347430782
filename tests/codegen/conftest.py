"""Compile the generated sources once, each function wrapped so that Python can call it."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from derivations import emit

GENERATED = Path(__file__).parents[2] / "chaintheory_ext" / "generated"

SETUP = """
from Cython.Build import cythonize
from setuptools import Extension, setup
setup(name="probe", packages=[], script_args=["build_ext", "--inplace", "--quiet"], ext_modules=cythonize(
    [Extension("probe", ["probe.pyx"], extra_compile_args=["-O1"], include_dirs=["."])],
    compiler_directives={"language_level": 3, "cdivision": True}, quiet=True))
"""


def _wrapper(module, routine):
    names = ", ".join(emit.CODE_NAMES[symbol] for symbol in routine.arguments)
    typed = ", ".join(f"double {emit.CODE_NAMES[symbol]}" for symbol in routine.arguments)
    return f"def {routine.name}({typed}):\n    return {module}.{routine.name}({names})\n"


def _interaction_wrappers():
    lines = ['cdef extern from "chaintheory_ext/generated/interactions.h" nogil:']
    bodies = []
    for name in emit.INTERACTIONS:
        if name == "square_well":
            continue
        for kind in ("potential", "slope"):
            lines.append(f'    double {name}_{kind}_c "{name}_{kind}"(double r, const double *c)')
            bodies.append(
                f"def {name}_{kind}(double r, double amplitude, double width):\n"
                f"    cdef double[2] c = [amplitude, width]\n"
                f"    return {name}_{kind}_c(r, c)\n"
            )
    return "\n".join([*lines, "", *bodies])


def compiled(folder, name, source):
    """Compile a Cython source in a folder and import it."""
    (folder / f"{name}.pyx").write_text(source, encoding="utf-8")
    (folder / "setup.py").write_text(SETUP.replace("probe", name), encoding="utf-8")
    done = subprocess.run([sys.executable, "setup.py"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (library,) = [
        path for path in folder.iterdir() if path.name.startswith(f"{name}.") and path.suffix in (".so", ".pyd")
    ]
    specification = importlib.util.spec_from_file_location(name, library)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def compile_source(tmp_path):
    """A function (name, source, headers) -> compiled module."""

    def build(name, source, headers=None):
        for header, text in (headers or {}).items():
            (tmp_path / header).write_text(text, encoding="utf-8")
        return compiled(tmp_path, name, source)

    return build


@pytest.fixture(scope="session")
def probe(tmp_path_factory):
    """A compiled module with every generated function."""
    folder = tmp_path_factory.mktemp("probe")
    package = folder / "chaintheory_ext" / "generated"
    shutil.copytree(GENERATED, package)
    (package / "__init__.py").touch()
    (package.parent / "__init__.py").touch()
    source = [
        "from chaintheory_ext.generated cimport dissipation, derivatives",
        _interaction_wrappers(),
        *(_wrapper("dissipation", routine) for routine in emit.routines()),
        *(_wrapper("derivatives", routine) for routine in emit.derivative_routines()),
    ]
    return compiled(folder, "probe", "\n".join(source))
