"""``pytest notebooks`` runs every notebook from its first cell to the assertion it ends in."""

from __future__ import annotations

import ast
import math
import re
import tempfile
from importlib import util
from pathlib import Path

import pytest

_SPEC = util.spec_from_file_location("execute", Path(__file__).with_name("execute.py"))
EXECUTE = util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(EXECUTE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector):
    """Collect notebooks."""
    if file_path.suffix == ".ipynb" and ".ipynb_checkpoints" not in file_path.parts:
        return Notebook.from_parent(parent, path=file_path)
    return None


class Notebook(pytest.File):
    """A notebook: it ends in an assertion, its outputs are kept, and it runs."""

    def collect(self):
        """Yield the two tests of a notebook."""
        yield Kept.from_parent(self, name="is-kept")
        yield Runs.from_parent(self, name="runs")


class Kept(pytest.Item):
    """The committed notebook can be read on a page: outputs there, an assertion at the end."""

    def runtest(self):
        """Check without running."""
        import nbformat

        cells = [c for c in nbformat.read(self.path, as_version=4).cells if c.cell_type == "code"]
        last = ast.parse(cells[-1].source).body[-1]
        assert isinstance(last, ast.Assert), f"{self.path.name} must end in an assertion"
        assert all(cell.execution_count for cell in cells), f"{self.path.name} was not executed"
        assert any(cell.outputs for cell in cells), f"{self.path.name} has no outputs"


def printed(notebook) -> str:
    """Return everything that a notebook prints; what SymPy shows of a formula differs between its versions."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "\n".join("".join(output.get("text", "")).strip() for output in outputs)


NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def same(kept: str, fresh: str) -> bool:
    """Whether two texts say the same: equal words, and numbers equal but for the rounding of another machine."""
    if NUMBER.sub("#", kept).split() != NUMBER.sub("#", fresh).split():
        return False
    pairs = zip(map(float, NUMBER.findall(kept)), map(float, NUMBER.findall(fresh)), strict=True)
    return all(math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6) for one, other in pairs)


class Runs(pytest.Item):
    """The notebook runs to its end, and prints what is kept."""

    def runtest(self):
        """Run in a directory of its own, away from the source tree, and compare."""
        pytest.importorskip("nbclient")
        import nbformat

        with tempfile.TemporaryDirectory() as directory:
            fresh = EXECUTE.execute(self.path, Path(directory))
        kept, now = printed(nbformat.read(self.path, as_version=4)), printed(fresh)
        assert same(kept, now), f"{self.path.name} is kept with other outputs than it has: make notebooks\n{now}"

    def repr_failure(self, excinfo):
        """Show the cell's error, not the client's."""
        return str(excinfo.value)
