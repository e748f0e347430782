"""Interactions as text, for files: JSON with the name and what was given, from which the same is made again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from chaintheory.interactions import named, offset
from chaintheory.interactions.base import Interaction
from chaintheory.interactions.formula import FormulaInteraction
from chaintheory.interactions.table import SampledInteraction
from chaintheory.support.files import unreadable
from chaintheory.support.validation import nearest, shown

# The interactions that have a name: in files, on the command line and in sweeps.
NAMED = {
    kind.__name__: kind
    for kind in (
        named.Gaussian, named.Exponential, named.Matern, named.Lorentzian, named.Sech2, named.SoftenedCoulomb,
        named.SquareWell, offset.LennardJones, offset.Morse, offset.Buckingham, named.GaussianMixture,
    )
}  # fmt: skip


def interaction_to_text(interaction: Interaction) -> str:
    """What an interaction was made from, as JSON; doubles are written so that they read back to the last bit.

    >>> interaction_to_text(named.Gaussian(2.0, 4.0))
    '{"amplitude": 2.0, "name": "Gaussian", "width": 4.0}'
    """
    described: dict[str, Any]
    if isinstance(interaction, FormulaInteraction):
        described = {
            "name": "expression",
            "expression": interaction.text,
            "constants": interaction.constants,
            "cutoff": interaction.cutoff,
        }
    elif isinstance(interaction, SampledInteraction):
        r, potential = interaction.samples
        described = {"name": "samples", "r": r.tolist(), "potential": potential.tolist()}
    elif type(interaction) in NAMED.values():
        described = {"name": type(interaction).__name__, **asdict(interaction)}  # type: ignore[call-overload]  # all are dataclasses
    else:
        raise TypeError(f"interaction must be one of the package's own to be written, got {shown(interaction)}")
    return json.dumps(described, sort_keys=True)


def interaction_from_text(text: str) -> Interaction:
    """The interaction that ``interaction_to_text`` described; only the package's own.

    Raises
    ------
    ValueError
        A text that is no such description.

    >>> interaction_from_text('{"amplitude": 2.0, "name": "Gaussian", "width": 4.0}')
    Gaussian(amplitude=2.0, width=4.0)
    """
    try:
        described = json.loads(text)
        name = described.pop("name")
        if name == "expression":
            return Interaction.from_expression(
                described.pop("expression"), cutoff=described.pop("cutoff"), **described.pop("constants")
            )
        if name == "samples":
            return Interaction.from_samples(**described)
        if name in NAMED:
            return NAMED[name](**described)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as problem:
        raise ValueError(f"interaction must be described in JSON, got {text[:80]!r}: {unreadable(problem)}") from None
    raise ValueError(f"interaction must be one of the package's own, got {name!r}{nearest(str(name), NAMED)}")
