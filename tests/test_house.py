"""The house of CONTRIBUTING.md: the imports of the package run downwards, without a circle."""

from pathlib import Path

import grimp
import pytest

# From the ground up; what stands on one floor does not import its neighbours.
FLOORS = (
    ("support",),
    ("interactions", "units"),
    ("parameters",),
    ("lattice", "plotting"),
    ("dissipation",),
    ("drift", "simulation"),
    ("explorer",),
    ("system",),
    ("comparison",),
    ("figures",),
    ("sweep",),
    ("report",),
    ("cli",),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
MOST_LEVELS = 13


@pytest.fixture(scope="module")
def imports():
    """Every import between two modules of the package, as (importer, imported)."""
    graph = grimp.build_graph("chaintheory", include_external_packages=False, cache_dir=None)
    return [(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)]


def room(module):
    """The room of a module; the first lines of the command belong to the command line, the package itself to none."""
    name = module.split(".")[1] if "." in module else ""
    return "cli" if name == "__main__" else name


def upward(imports):
    """The imports that lead to a room which does not stand below; the package's own name and version stand nowhere."""
    return [
        (one, other)
        for one, other in imports
        if room(one) and room(other) and room(one) != room(other) and FLOOR[room(other)] >= FLOOR[room(one)]
    ]


def levels(imports):
    """The number of levels of the modules; a circle is an error."""
    below = {}
    for one, other in imports:
        if room(one) and room(other):
            below.setdefault(one, set()).add(other)
    depth = {}

    def of(module, above=()):
        assert module not in above, f"circle: {' -> '.join([*above, module])}"
        if module not in depth:
            depth[module] = 1 + max((of(other, (*above, module)) for other in below.get(module, ())), default=0)
        return depth[module]

    return max(of(module) for module in below)


def test_imports_run_downwards(imports):
    assert upward(imports) == []


def test_no_circle_between_modules(imports):
    assert levels(imports) > 1


def test_few_levels_of_rooms(imports):
    assert len(FLOORS) <= MOST_LEVELS
    package = Path(__file__).parents[1] / "chaintheory"
    rooms = {path.stem for path in package.iterdir() if (path / "__init__.py").exists() or path.suffix == ".py"}
    assert rooms - {"__init__", "__main__"} == set(FLOOR)


def test_planted_faults_are_seen():
    """An import upwards and a circle."""
    assert upward([("chaintheory.lattice.a", "chaintheory.drift.b")])
    with pytest.raises(AssertionError, match="circle"):
        levels([("chaintheory.drift.a", "chaintheory.drift.b"), ("chaintheory.drift.b", "chaintheory.drift.a")])
