"""The explorer's page: kernels, script and style in one HTML file that a browser opens with no network."""

from __future__ import annotations

import base64
import html
import json
import os
from pathlib import Path

from chaintheory import __version__
from chaintheory.interactions.named import Gaussian
from chaintheory.parameters import SystemParameters
from chaintheory.support.files import write_whole
from chaintheory.support.validation import shown

HERE = Path(__file__).parent
MADE_BY = "<!-- Made by chaintheory explore, which replaces this file. -->"


def explorer_page(system: SystemParameters) -> str:
    """The page that starts at a system: ``System.explore``, which describes it."""
    interaction = system.interaction
    if type(interaction) is not Gaussian:
        raise ValueError(f"interaction must be a Gaussian for the explorer, got {interaction!r}")
    start = {
        "omega_fast": system.chain.omega_fast,
        "spacing": system.chain.spacing,
        "amplitude": interaction.amplitude,
        "width": interaction.width,
        "mass": system.mass,
        "bias": system.bias,
        "temperature": 0.0,
    }
    built = json.loads((HERE / "explorer.json").read_text(encoding="utf-8"))
    settings = built["limits"] | {"start": start, "version": __version__}
    templates = HERE / "templates"
    page = (templates / "explorer.html").read_text(encoding="utf-8")
    parts = {
        "made by": MADE_BY,
        "settings": json.dumps(settings),
        "kernels": base64.b64encode((HERE / "explorer.wasm").read_bytes()).decode("ascii"),
        "style": (templates / "explorer.css").read_text(encoding="utf-8"),
        "script": "\n".join((templates / f"{name}.js").read_text(encoding="utf-8") for name in ("kernels", "explorer")),
    }
    for name, text in parts.items():
        page = page.replace(f"{{{{ {name} }}}}", text)
    return page


def write_explorer(output: str | os.PathLike[str], system: SystemParameters) -> Path:
    """Write the page to a file; one that stands there is replaced only if this function made it.

    Raises
    ------
    ValueError
        A file of others, a path in no directory, or a system that the explorer does not have.

    >>> import tempfile
    >>> from chaintheory import Chain, Gaussian, System
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_explorer(Path(folder) / "explorer.html", System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))).name
    'explorer.html'
    """
    target = Path(output).absolute()
    page = explorer_page(system)
    if target.is_symlink() or (target.exists() and not is_ours(target)):
        raise ValueError(f"output must be a new file or an earlier page of the explorer, got {shown(str(target))}")
    if not target.parent.is_dir():
        raise ValueError(f"output must lie in an existing directory, got {shown(str(target))}")
    write_whole(target, page.encode())
    return target


def is_ours(target: Path) -> bool:
    """Whether a file is a page that was written here."""
    if not target.is_file():
        return False
    with target.open("rb") as opened:
        return MADE_BY.encode() in opened.read(200)


def in_frame(page: str) -> str:
    """The page within another one, a notebook's: an HTML frame that holds it whole."""
    return (
        f'<div><iframe title="chaintheory explorer" srcdoc="{html.escape(page, quote=True)}" '
        'style="width: 100%; height: 900px; border: 1px solid #8888"></iframe></div>'
    )
