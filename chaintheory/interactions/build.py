"""Interactions by name and numbers, by a formula or by a file: what the command line and sweeps are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from chaintheory.interactions.base import Interaction
from chaintheory.interactions.offset import Beside
from chaintheory.interactions.text import NAMED
from chaintheory.support.validation import choice, nearest

# Interactions that a few numbers describe, and of these the ones of an amplitude and a width.
KINDS = tuple(name for name in NAMED if name != "GaussianMixture")
PLAIN = tuple(name for name in KINDS if not issubclass(NAMED[name], Beside))


def kind_of(name: str) -> str:
    """The kind of interaction that a name means, whatever its case and hyphens.

    >>> kind_of("lennard-jones")
    'LennardJones'
    """
    known = {kind.casefold(): kind for kind in KINDS}
    plain = str(name).replace("-", "").replace("_", "").casefold()
    return choice("interaction", known.get(plain, name), KINDS)


def parameters_of(kind: str) -> tuple[str, ...]:
    """Names of the numbers that a kind of interaction takes.

    >>> parameters_of("LennardJones")
    ('depth', 'sigma', 'offset')
    """
    return tuple(one.name for one in fields(NAMED[kind]))


def build(
    parameters: Mapping[str, float],
    *,
    interaction: str = "Gaussian",
    potential: str | None = None,
    samples: str | os.PathLike[str] | None = None,
    cutoff: float | None = None,
) -> Interaction:
    """The interaction of a name, or of a formula with the parameters as its constants, or through a file of samples.

    Energies in hbar Omega_slow, lengths in l_slow.

    Raises
    ------
    ValueError
        More than one of them, a parameter that is missing or not known, and what the interactions refuse.

    >>> build({"depth": 1.0, "sigma": 3.0, "offset": 3.5}, interaction="lennard-jones")
    LennardJones(depth=1.0, sigma=3.0, offset=3.5)
    >>> build({"A": 2.0}, potential="A*exp(-r**2/32)")
    Gaussian(amplitude=2.0, width=4.0)
    """
    if potential is not None and samples is not None:
        raise ValueError("potential and samples exclude each other")
    if cutoff is not None and potential is None:
        raise ValueError(f"cutoff goes with a formula (potential), got {cutoff!r}")
    if potential is not None:
        return Interaction.from_expression(potential, cutoff=cutoff, **parameters)
    if samples is not None:
        if parameters:
            raise ValueError(f"samples take no parameters, got {', '.join(parameters)}")
        return Interaction.from_file(samples)
    kind = kind_of(interaction)
    wanted = parameters_of(kind)
    for name in parameters:
        if name not in wanted:
            raise ValueError(f"{kind} takes {', '.join(wanted)}, got {name!r}{nearest(name, wanted)}")
    optional = {"order"} if kind == "Matern" else set()
    if missing := [name for name in wanted if name not in parameters and name not in optional]:
        raise ValueError(f"{kind} needs {', '.join(missing)}")
    named: Any = NAMED[kind]
    made: Interaction = named(**parameters)
    return made
