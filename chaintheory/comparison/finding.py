"""A fault that explains why data leave our run, and by how much a residual must fall for that."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from chaintheory.comparison.fits import Fit

# A fault is found where the misfit falls by this factor, or by the smaller one down to what noise explains.
LARGE, SMALL = 10.0, 3.0
# A factor's model is exact: what is left of the residual is an error of the data, which is smaller than by this.
LARGER = 100.0
ALIKE = 2.0  # misfits within this factor cannot be told apart
KEPT = 30.0  # misfits so many times the best one's are not followed


@dataclass(frozen=True)
class Finding:
    """A fault that explains the data: code, one sentence, by what factor the residual falls, and its parameters.

    No run repeats random losses: ``improvement`` of a temperature is how much they scatter beyond their own errors.
    ``parameters`` are numbers by name (masses a number, times in t_slow, temperatures and energies in hbar Omega_slow).
    ``harmless``: the fault is an error of the time step that leaves the losses right to a few per cent.
    ``alternatives``: other faults that the data do not tell from this one, which the sentence names too.
    """

    code: str
    text: str
    improvement: float
    parameters: dict[str, float] = field(default_factory=dict)
    misfit: float = field(default=math.nan, repr=False)
    harmless: bool = False
    alternatives: tuple[Finding, ...] = ()
    explains: bool = field(default=True, repr=False)
    enough: float = field(default=LARGE, repr=False)


def fitted(code: str, words: str, before: float, fit: Fit, parameters: dict[str, float], **more: Any) -> Finding:
    """The finding that a fit gives; ``before``: the misfit without the fault."""
    improvement = before / max(fit.misfit, 1e-300)
    return Finding(code, words, improvement, parameters, fit.misfit, explains=fit.explained, **more)
