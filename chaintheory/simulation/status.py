"""What ended a run."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What ended a run, ``run.status``: its duration (in t_slow), or one of the events; ``GIVEN`` for rows of a user.

    A ValueError for any other text.

    >>> from chaintheory import Chain, Gaussian, System
    >>> run = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.1)
    >>> run.status is Status.DURATION_REACHED, run.status == "duration reached"
    (True, True)
    """

    DURATION_REACHED = "duration reached"
    LEFT_WINDOW = "left window"
    TRAPPED = "trapped"
    STEADY = "steady"
    GIVEN = "given"
