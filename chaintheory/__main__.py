"""Where the command ``chaintheory`` and ``python -m chaintheory`` begin.

A signal that comes while the modules are still being loaded, or when all is done, leaves as any other interrupt does.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType


def interrupted(_: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, but not while a module is being imported: there Python may print and drop it."""
    if frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        signal.signal(signal.SIGALRM, interrupted)
        signal.setitimer(signal.ITIMER_REAL, 0.01)  # again in a moment
        return
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    try:
        # A polite kill leaves as an interrupt does: temporary files are removed on the way out.
        signal.signal(signal.SIGTERM, interrupted)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupted)
        from chaintheory.cli.main import run

        code = run(arguments)
    except KeyboardInterrupt:
        code = 130
    # What is decided stays so while Python shuts down.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    main()
