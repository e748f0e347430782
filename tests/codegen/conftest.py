"""The generated formulas as functions of Python: the modules as they are, the C header compiled once."""

import ctypes
import shlex
import subprocess
import sysconfig
from importlib import import_module
from pathlib import Path

import pytest

from derivations.formulas import formulas

GENERATED = Path(__file__).parents[2] / "chaintheory_ext" / "generated"


@pytest.fixture(scope="session")
def header(tmp_path_factory):
    """The functions of chain.h, by name."""
    folder = tmp_path_factory.mktemp("header")
    listed = formulas()["chain.h"]
    lines = ['#include "chain.h"']
    for formula in listed:
        names = [f"a{i}" for i in range(len(formula.arguments))]
        typed = ", ".join(f"double {name}" for name in names)
        lines.append(f"double c_{formula.name}({typed}) {{ return {formula.name}({', '.join(names)}); }}")
    (folder / "probe.c").write_text("\n".join(lines) + "\n", encoding="utf-8")
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, "-shared", "-fPIC", "-ffp-contract=off", f"-I{GENERATED}", "-o", "probe.so", "probe.c", "-lm"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    library = ctypes.CDLL(str(folder / "probe.so"))
    found = {}
    for formula in listed:
        function = library[f"c_{formula.name}"]
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * len(formula.arguments)
        found[formula.name] = function
    return found


@pytest.fixture(scope="session")
def generated(header):
    """A function file, name -> what is generated there."""

    def find(file, name):
        if file == "chain.h":
            return header[name]
        return getattr(import_module(f"chaintheory_ext.generated.{file.removesuffix('.py')}"), name)

    return find
