"""The pages that are written from the code when the site is built."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import shutil
import warnings
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


PLACED: set[Path] = set()  # what this build has put among the sources


def put(path: Path, text: str) -> None:
    """Write a page if it changed, so that a second build reads it only then."""
    PLACED.add(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def copy(path: Path, target: Path) -> None:
    """Copy a file if it is newer."""
    PLACED.add(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
        shutil.copy2(path, target)


def sweep(source: Path) -> None:
    """Remove what an earlier build put among the sources and this one did not; the gallery's own are Sphinx's."""
    for path in source.rglob("*"):
        kept = path in PLACED or path.is_relative_to(source / "gallery") or path.suffix == ".html"
        if path.is_file() and not kept:
            path.unlink()


def write(source: Path, *, figures: bool = True) -> None:
    """Complete the sources of the site."""
    notebooks(source)
    chapters(source, drawn=figures)
    names(source)
    refused(source)
    explorer(source)
    gallery(source, drawn=figures)
    sweep(source)


def readme_section(heading: str) -> str:
    """Return a section of the README, its links made to lead from a page of the site."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## {heading}\n")
    if not rest:
        raise ValueError(f"README.md has no section {heading!r}")
    body = rest.partition("\n## ")[0].strip("\n")
    body = re.sub(r"!\[[^]]*\]\([^)]*\)\n\n\*[^*]*\*", "", body)  # its picture
    body = re.sub(r"\]\(notebooks/(\w+\.ipynb)\)", r"](/tutorials/\1)", body)
    body = re.sub(r"\]\(notebooks\)", "](/tutorials/index.md)", body)
    body = re.sub(r"\]\(docs/([\w/]+\.(?:md|rst))\)", r"](/\1)", body)
    return re.sub(r"\[([^]]+)\]\((?!http|/)[^)]*\)", r"\1", body)


def with_readme(text: str) -> str:
    """Return a page with the sections of the README that it asks for.

    Each by ``README(heading)`` on a line, or ``README(heading, from its table)``.
    """

    def section(found: re.Match[str]) -> str:
        body = readme_section(found[1])
        return body[body.index("\n|") + 1 :] if found[2] else body

    return re.sub(r"^README\((.*?)(, from its table)?\)$", section, text, flags=re.MULTILINE)


def completed(page: str, **parts: str) -> str:
    """Return a page of ``docs`` with its parts in the place of their names, ``PAGES`` or others."""
    text = with_readme((HERE.parent / page).read_text(encoding="utf-8"))
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


def notebooks(source: Path) -> None:
    """Copy the notebooks with their committed outputs."""
    (source / "tutorials").mkdir(exist_ok=True)
    found = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in found:
        copy(path, source / "tutorials" / path.name)
    pages = "\n".join(path.stem for path in found)
    put(source / "tutorials" / "index.md", completed("tutorials/index.md", PAGES=pages, NUMBER=str(len(found))))


# Theory -----------------------------------------------------------------------------------------------


def with_pictures(text: str, *, drawn: bool) -> str:
    r"""Return a page of ``theory`` with its figures; ``PICTURE(name)`` stands on a line, its caption below.

    >>> print(with_pictures("So.\n\nPICTURE(kernel)\nAn impulse.\n\nOn.", drawn=True).splitlines()[3])
    [![Propagation of an impulse](../gallery/figures/kernel.svg)](../gallery/kernel.md)
    >>> with_pictures("So.\n\nPICTURE(kernel)\nAn impulse.\n\nOn.", drawn=False)
    'So.\n\nOn.'
    """
    from chaintheory.figures import available

    def picture(found: re.Match[str]) -> str:
        name = found["name"]
        shown = f"[![{available()[name]}](../gallery/figures/{name}.svg)](../gallery/{name.replace('-', '_')}.md)"
        return f":::{{container}} picture\n{shown}\n\n{found['caption'].strip()}\n:::\n\n" if drawn else ""

    return re.sub(r"^PICTURE\((?P<name>[\w-]+)\)\n(?P<caption>(?:.+(?:\n|\Z))*)\n*", picture, text, flags=re.MULTILINE)


def chapters(source: Path, *, drawn: bool) -> None:
    """Write a chapter for each module of the ledger: the introduction that lies in ``theory``, then its statements."""
    from chaintheory.report.topics import chapter_title
    from derivations.ledger import MODULES

    theory = source / "theory"
    for module in MODULES:
        own = HERE.parent / "theory" / f"{module}.md"
        if own.exists():
            text = with_pictures(own.read_text(encoding="utf-8"), drawn=drawn).rstrip()
        else:
            text = f"# {chapter_title(module)}\n\n{introduction(module)}"
        put(theory / f"{module}.md", f"{text}\n\n```{{ledger}} {module}\n```\n")
    put(theory / "index.md", completed("theory/index.md", PAGES="\n".join(MODULES)))


def introduction(module: str) -> str:
    """Return the docstring of a module of the ledger without its first line and examples, as Markdown."""
    doc = inspect.cleandoc(importlib.import_module(f"derivations.{module}").__doc__ or "")
    _, _, rest = doc.partition("\n")
    rest, _, _ = rest.partition(">>>")
    blocks = []
    for block in rest.strip().split("\n\n"):
        if all(line.startswith("    ") for line in block.splitlines()) and block:
            blocks.append("```text\n" + inspect.cleandoc("\n" + block) + "\n```")
        else:
            blocks.append(block.replace("``", "`").replace("*", r"\*").replace("<", r"\<").replace("_", r"\_")
                          if "`" not in block else block.replace("``", "`"))  # fmt: skip
    return "\n\n".join(blocks)


# Reference --------------------------------------------------------------------------------------------

GROUPS = {
    "Chain, system and their results": ("Chain", "System", "Trajectory", "Units"),
    "Interactions": (
        "Interaction", "Gaussian", "GaussianMixture", "Exponential", "Matern", "Lorentzian", "Sech2", "SoftenedCoulomb",
        "SquareWell",
    ),
    "What ends a run": ("LeftWindow", "Steady", "Trapped", "Status"),
    "Warnings and errors": ("EnergyBalanceError", "UnresolvedWarning"),
}  # fmt: skip


def members(name: str) -> list[str]:
    """Return the public members of a class that are described, the inherited ones of the package with them.

    >>> "mean_dissipation" in members("System"), "bias" in members("System")
    (True, False)
    """
    import chaintheory

    owner = getattr(chaintheory, name)
    found: dict[str, None] = {}
    for base in owner.__mro__:
        if base.__module__.partition(".")[0] != "chaintheory":
            continue
        for member, what in vars(base).items():
            described = inspect.isfunction(what) or isinstance(what, property | cached_property | classmethod)
            if described and not member.startswith("_") and inspect.getdoc(getattr(owner, member, what)):
                found.setdefault(member)
    return list(found)


def names(source: Path) -> None:
    """Write the reference: one page for each group of public names."""
    import chaintheory

    every = [name for name in chaintheory.__all__ if not name.startswith("_")]
    grouped = {title: [name for name in group if name in every] for title, group in GROUPS.items()}
    placed = {name for group in grouped.values() for name in group}
    rest = [name for name in every if name not in placed]
    grouped["Interactions"] += [one for one in rest if kind(one) == "interaction"]
    grouped["Warnings and errors"] += [one for one in rest if kind(one) == "error"]
    grouped["More"] = [one for one in rest if kind(one) == "more"]
    said = "``import chaintheory as ct`` gives every name of this page. The test suite runs each example."
    lines = ["Public names", "============", "", ".. currentmodule:: chaintheory", "", said, ""]
    for title, group in grouped.items():
        if not group:
            continue
        lines += [title, "-" * len(title), ""]
        for name in group:
            lines += [name, "~" * len(name), ""]
            value = getattr(chaintheory, name)
            if not inspect.isclass(value):
                lines += [f".. autofunction:: chaintheory.{name}", ""]
                continue
            lines += [f".. autoclass:: chaintheory.{name}", ""]
            if issubclass(value, BaseException):
                lines[-2] = f".. autoexception:: chaintheory.{name}"
                continue
            if title == "Interactions" and name != "Interaction":
                lines += ["   Its methods are those of :py:class:`chaintheory.Interaction`.", ""]
                own = [one for one in members(name) if one in vars(value)]
            else:
                own = members(name)
            for member in own:
                what = inspect.getattr_static(value, member)
                if not callable(getattr(what, "__func__", what)) and not isinstance(what, property | cached_property):
                    continue  # a number in place of the property of the base
                directive = "autoproperty" if isinstance(what, property) else "automethod"
                if isinstance(what, cached_property):
                    directive = "autoattribute"
                lines += [f"   .. {directive}:: chaintheory.{name}.{member}", ""]
    put(source / "reference" / "names.rst", "\n".join(lines))


def kind(name: str) -> str:
    """Return which group of the reference a name without a place of its own falls into."""
    import chaintheory

    value = getattr(chaintheory, name)
    if inspect.isclass(value) and issubclass(value, BaseException):
        return "error"
    if inspect.isclass(value) and issubclass(value, chaintheory.Interaction):
        return "interaction"
    return "more"


def refused(source: Path) -> None:
    """Write the page of refusals."""
    from sitemaker.refusals import page

    put(source / "reference" / "errors.md", page())


# Explorer and gallery ---------------------------------------------------------------------------------


def explorer(source: Path) -> None:
    """Write the explorer beside the pages, and a page that leads to it, where the package has one."""
    target = source / "extra" / "explorer.html"
    if importlib.util.find_spec("chaintheory.explorer") is None:
        put(source / "explore.md", "# Explorer\n\nThis version of the package has none.\n")
        return
    import subprocess
    import sys

    target.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "chaintheory", "explore", "--output", str(target)], check=True)
    put(source / "explore.md", (HERE / "explorer.md").read_text(encoding="utf-8"))


def gallery(source: Path, *, drawn: bool) -> None:
    """Draw each figure of the package, and write its page with the code and the numbers."""
    from chaintheory.figures import NAMES, available, module

    folder = source / "gallery"
    titles = available()
    for name in NAMES:
        caption = " ".join(module(name).CAPTION.split())
        stem = name.replace("-", "_")
        picture = f"```{{image}} figures/{name}.svg\n:alt: {titles[name]}\n:class: figure\n```\n\n" if drawn else ""
        numbers = f"The numbers in the picture: [{name}.json](figures/{name}.json)\n\n" if drawn else ""
        code = Path(module(name).__file__).read_text(encoding="utf-8")
        put(
            folder / f"{stem}.md",
            f"# {titles[name]}\n\n{picture}{markdown(caption)}\n\n{numbers}"
            f"Draw it: `chaintheory figures {name}`. Its code, `chaintheory/figures/{stem}.py`:\n\n"
            f"```python\n{code}```\n",
        )
        if drawn:
            draw(folder / "figures", name)
    tiles = "\n".join(tile(name, titles[name], drawn) for name in NAMES)
    tree = "\n".join(name.replace("-", "_") for name in NAMES)
    put(folder / "index.md", completed("gallery/index.md", TILES=tiles, PAGES=tree))


def markdown(text: str) -> str:
    """Return plain text so that Markdown shows it as it is."""
    return "".join("\\" + letter if letter in r"\`*_{}[]<>#$|" else letter for letter in text)


def tile(name: str, title: str, drawn: bool) -> str:
    """Return the entry of a figure in the list of all."""
    picture = f"[![{title}](figures/{name}.svg)]({name.replace('-', '_')}.md) " if drawn else ""
    return f"- {picture}[{title}]({name.replace('-', '_')}.md)"


def draw(folder: Path, name: str) -> None:
    """Draw a figure from its quick runs, unless an earlier build has drawn it from the same sources."""
    from chaintheory.dissipation.validity import ValidityWarning
    from chaintheory.figures import make, save
    from chaintheory.support.json_values import plain

    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{name}.svg"
    newest = max(path.stat().st_mtime for path in (ROOT / "chaintheory").rglob("*.py"))
    if made.exists() and made.stat().st_mtime > newest:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)  # a picture shows where second order ends
        picture = make(name, quick=True)
    put(folder / f"{name}.json", json.dumps(plain(picture.numbers), allow_nan=False) + "\n")
    save(picture, folder, "svg")
