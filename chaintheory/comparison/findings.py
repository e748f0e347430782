"""Why data leave our run: each known fault is made on purpose, its one parameter fitted, and the residual looked at.

A fault is found where the residual then falls to what noise and sampling explain, or by a large factor. What gives the
same residual cannot be told apart, and the finding says so. ``HYPOTHESES`` has the faults in the order in which they
are tried: those that act late before those that act from the first pass on, each in a module of its own.

Data of a scheme with a finite step hide a late fault until the step is known, which is fitted to the first passes: to
two of them, or to one or half a one where the fault acts earlier. Measured with a memory cut off after 2.1 t_slow in
data of the published map (60 steps): named as 2.102 where a pass takes 0.8 t_slow (omega_fast 10, spacing 40, speed 50;
the residual falls by 1e7), as 2.101 where it takes 2.9 (speed 14; by 6,000), and as 1.907 with omega_fast 3, spacing
20, speed 25 (by 51 only: the code is right, its time is not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from chaintheory.comparison.cut_memory import of_cut_memory
from chaintheory.comparison.echo import of_echo
from chaintheory.comparison.factors import of_bias, of_parameters
from chaintheory.comparison.finding import ALIKE, LARGE, SMALL, Finding
from chaintheory.comparison.fits import Problem
from chaintheory.comparison.origin import of_origin, of_start
from chaintheory.comparison.temperature import of_temperature
from chaintheory.comparison.time_step import StepError, of_time_step, step_errors

# Of rows with noise: where the sum of squares, in units of the noise, falls by so much (5.5 standard errors) a fault is
# found, and what lies within the second number of the best (a likelihood ratio of 400) cannot be told apart.
LIKELY, UNLIKELY = 30.0, 12.0
LATE = 0.6  # of a pass, in which the particle has met a mass
# In which the step is fitted: an echo comes later than in two, and what a cut memory forgets than in one or a half.
FIRST_PASSES = (2.0, 1.0, 0.5)


@dataclass
class Search:
    """The search for a fault: the data, their misfit without one, and what was found so far."""

    problem: Problem
    before: float
    found: list[Finding] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        """Whether the rows have no noise."""
        return self.problem.noise is None

    @property
    def late(self) -> bool:
        """Whether the data leave our run after it has met a mass: units and parameters act earlier, but for noise."""
        leaves, start = self.problem.leaves_at, self.problem.start.time
        return leaves is not None and leaves - start > LATE * self.problem.passing

    @property
    def done(self) -> bool:
        """Whether what was found leaves nothing to explain (in noise another fault may do as well)."""
        return self.quiet and any(one.explains and one.improvement >= LARGE for one in self.found)

    @cached_property
    def step_errors(self) -> list[StepError]:
        """The error of each scheme, as fitted to the first passes."""
        return list(step_errors(self.problem, FIRST_PASSES[0]))

    def hidden(self) -> Iterator[Finding]:
        """A late fault behind the error of a finite step, which is taken off: as the first passes know it."""
        for passes in FIRST_PASSES:
            errors = self.step_errors if passes == FIRST_PASSES[0] else list(step_errors(self.problem, passes))
            best = min(errors, key=lambda one: one.left, default=None)
            if best is None or best.before < SMALL * best.left:
                continue
            found = self.accepted(of_late_onset(self.problem.less(best.error), best, self.problem))
            yield from found
            if found:
                return

    @property
    def count(self) -> int:
        """Independent numbers that a misfit is the mean square of."""
        problem = self.problem
        return problem.weighed(problem.residual).size

    def accepted(self, tried: Iterable[Finding]) -> list[Finding]:
        """Those that explain the data: the residual falls by a large factor, or to what noise explains."""
        return [one for one in tried if one.improvement >= one.enough or (one.explains and self._enough(one))]

    def _enough(self, one: Finding) -> bool:
        if self.problem.noise is None:
            return one.improvement >= SMALL
        return (self.before**2 - one.misfit**2) * self.count >= LIKELY

    def told_apart(self) -> list[Finding]:
        """The best, and in its sentence what the data do not tell from it."""
        if not self.found:
            return []
        best, *others = sorted(self.found, key=lambda one: (not one.explains, one.misfit))
        alike: dict[str, Finding] = {}
        for one in others:
            if one.code != best.code and one.explains == best.explains and self._alike(best, one):
                alike.setdefault(one.code, one)
        if not alike:
            return [replace(best, text=f"{best.text}: {_falls(best)}.")]
        texts = [best.text, *(one.text for one in alike.values())]
        either = " or ".join(text[0].lower() + text[1:] for text in texts)
        text = f"Either {either}: the data do not tell them apart, and {_falls(best)}."
        return [replace(best, text=text, alternatives=tuple(alike.values()))]

    def _alike(self, best: Finding, other: Finding) -> bool:
        if self.problem.noise is None:
            return other.misfit <= ALIKE * max(best.misfit, 1.0)
        return (other.misfit**2 - best.misfit**2) * self.count <= UNLIKELY * max(best.misfit**2, 1.0)


def _falls(found: Finding) -> str:
    if found.code == "temperature":  # which makes the size of a residual, not the residual
        return f"the scatter is {found.improvement:.3g} times what the rows leave uncertain"
    if found.misfit == 0.0:
        return "nothing of the residual is left"
    return f"the residual falls by a factor of {found.improvement:.3g}"


@dataclass(frozen=True)
class Hypothesis:
    """Faults of one kind: when they are tried, and the findings that they give."""

    wanted: Callable[[Search], bool]
    findings: Callable[[Search], Iterable[Finding]]


def of_late_onset(problem: Problem, known: StepError | None = None, whole: Problem | None = None) -> Iterator[Finding]:
    """A ring of too few masses; a memory that is cut off.

    ``known``: the error of the step that was taken off the data of ``whole``.
    """
    if problem.leaves_at is None:
        return
    for one in of_echo(problem):
        yield one
        if one.explains:
            return
    yield from of_cut_memory(problem, known, whole)


HYPOTHESES = (
    Hypothesis(lambda search: True, lambda search: of_start(search.problem, search.before)),
    Hypothesis(
        lambda search: search.late and search.quiet and not search.done, lambda search: of_late_onset(search.problem)
    ),
    Hypothesis(lambda search: not search.done, lambda search: of_parameters(search.problem, search.before)),
    Hypothesis(lambda search: not search.done, lambda search: of_origin(search.problem, search.before)),
    Hypothesis(lambda search: search.late and not search.quiet, lambda search: of_late_onset(search.problem)),
    Hypothesis(lambda search: not search.done, lambda search: of_time_step(search.problem, search.step_errors)),
    Hypothesis(lambda search: not search.found, Search.hidden),
    Hypothesis(
        lambda search: not (search.found or search.late) and search.quiet, lambda search: of_late_onset(search.problem)
    ),
    Hypothesis(lambda search: not search.found, lambda search: of_temperature(search.problem)),
)
# A particle that never moves tells of its bias only.
AT_REST = (Hypothesis(lambda search: True, lambda search: of_bias(search.problem, search.before)),)


def find_faults(problem: Problem) -> list[Finding]:
    """The fault that explains why the data leave our run, with its alternatives; none where they follow it."""
    if problem.leaves_at is None or problem.too_long:
        return []
    plain = problem.fit(problem.plain, np.empty(0), problem.time.size, problem.fitted_start)
    if plain.explained:
        return []
    search = Search(problem, plain.misfit)
    for hypothesis in AT_REST if problem.at_rest else HYPOTHESES:
        if hypothesis.wanted(search):
            search.found += search.accepted(hypothesis.findings(search))
    return search.told_apart()
