"""The statements of the ledger by topic, with headings made of their ids."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derivations.ledger import Statement

NAMES = {
    "gaussian": "Gaussian", "gaussians": "Gaussians", "matern": "Matérn", "lorentzian": "Lorentzian",
    "coulomb": "Coulomb", "bessel": "Bessel", "fejer": "Fejér", "laplace": "Laplace", "hankel": "Hankel",
    "duhamel": "Duhamel", "sech2": "sech²",
}  # fmt: skip


@lru_cache(maxsize=1)
def homes() -> dict[str, str]:
    """Return the module of each statement."""
    from derivations.ledger import statements

    return {one.id: one.module for one in statements()}


def words(id: str) -> str:
    """Return a statement's id as words.

    >>> words("eq07_gaussian_closed_form")
    'Gaussian closed form'
    """
    parts = [NAMES.get(part, part) for part in re.sub(r"^eq\d\d_", "", id).split("_")]
    return parts[0][:1].upper() + " ".join(parts)[1:]


def title(statement: Statement) -> str:
    """Return the heading of a statement.

    >>> from derivations.ledger import find
    >>> title(find("eq07_gaussian_closed_form"))
    'Eq. 7: Gaussian closed form'
    """
    if statement.equation.startswith("Eq."):
        return f"{statement.equation}: {words(statement.id)}"
    return words(statement.id)


def chapter_title(module: str) -> str:
    """Return the heading of a chapter: the first line of the module that states it, up to its colon or bracket."""
    first = (import_module(f"derivations.{module}").__doc__ or module).strip().splitlines()[0]
    return re.sub(r"\s*\(Eqs?\.[^)]*\)", "", first).rstrip(".")
