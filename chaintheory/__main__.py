"""Where the command ``chaintheory`` and ``python -m chaintheory`` begin.

A signal that comes while the modules are still being loaded, or when all is done, leaves as any other interrupt does.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Any

SEEN: list[object] = []  # interrupts: a library may turn one into an error of its own


def interrupted(number: int, _: object) -> None:
    """Raise KeyboardInterrupt, as Python's own handler does."""
    SEEN.append(number)
    raise KeyboardInterrupt


def dropped(unraisable: Any) -> None:
    """An interrupt that came in a callback, where Python prints and drops it, comes again in a moment."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(unraisable)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    try:
        # A polite kill leaves as an interrupt does: temporary files are removed on the way out.
        signal.signal(signal.SIGTERM, interrupted)
        signal.signal(signal.SIGALRM, interrupted)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupted)
        sys.unraisablehook = dropped
        from chaintheory.cli.main import run

        code = run(arguments)
    except KeyboardInterrupt:
        code = 130
    # What is decided stays so while Python shuts down.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    sys.exit(130 if SEEN else code)


if __name__ == "__main__":
    main()
