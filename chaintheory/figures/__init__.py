"""The figures, one module each: ``compute`` gives the numbers, ``draw`` turns them into a picture.

>>> "single-pass" in available()
True
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from chaintheory.support.files import write_whole
from chaintheory.support.validation import choice, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# In the order of the paper, then the new ones. The module has the name with underscores.
NAMES = (
    "trajectories",
    "single-pass",
    "drift",
    "mean-dissipation",
    "trajectory",
    "kernel",
    "velocity-profile",
    "losses",
    "decades",
    "orbit",
    "slip",
    "upper-edge",
    "drag-curve",
    "build-up",
    "phase-diagram",
    "trapped",
    "thermal-losses",
    "thermal-walk",
    "lifetime",
)


@dataclass(frozen=True)
class Picture:
    """A drawn figure with its title, its caption and every number in it."""

    name: str
    title: str
    caption: str
    figure: Figure
    numbers: dict[str, Any]


def module(name: str) -> ModuleType:
    """Return the module that draws the figure ``name``; ValueError names the nearest."""
    choice("figure", name, NAMES)
    return import_module(f"chaintheory.figures.{name.replace('-', '_')}")


def available() -> dict[str, str]:
    """Return name and title of every figure."""
    return {name: module(name).TITLE for name in NAMES}


def make(name: str, *, quick: bool = False) -> Picture:
    """Compute and draw one figure; ``quick`` takes fewer and shorter simulated runs."""
    import matplotlib

    from chaintheory.figures.style import STYLE

    source = module(name)
    numbers = source.compute(quick=quick)
    style: Any = STYLE
    with matplotlib.rc_context(style):
        figure = source.draw(numbers)
        # The layout is settled once: each draw would shift it by a rounding, and by the file format's resolution.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    return Picture(name, source.TITLE, " ".join(source.CAPTION.split()), figure, numbers)


MADE_BY = "chaintheory figures"  # stands in the files


def check_place(name: str, directory: Path, form: str = "png") -> Path:
    """The path of a picture in ``directory``; ValueError where a file stands there that ``save`` did not write."""
    path = directory / f"{name}.{form}"
    if path.is_symlink() or (path.exists() and (not path.is_file() or MADE_BY.encode() not in path.read_bytes())):
        raise ValueError(f"output must hold no {path.name}, or an earlier one of this figure, got {shown(str(path))}")
    return path


def save(picture: Picture, directory: Path, form: str = "png") -> Path:
    """Write the picture into ``directory`` atomically and return its path; only an earlier one is replaced."""
    import matplotlib

    from chaintheory.figures.style import STYLE

    path, content = check_place(picture.name, directory, form), io.BytesIO()
    # No date, and the same ids in an SVG each time: the same numbers give the same bytes.
    undated: dict[str, Any] = {
        "png": {"Software": MADE_BY},
        "svg": {"Date": None, "Creator": MADE_BY},
        "pdf": {"CreationDate": None, "Creator": MADE_BY},
    }
    style: Any = {**STYLE, "svg.hashsalt": picture.name}
    with matplotlib.rc_context(style):
        picture.figure.savefig(content, format=form, metadata=undated[form])
    write_whole(path, content.getvalue())
    return path
