"""Interrupts of the command line, whatever a library makes of them.

SIGINT (the ^C) and SIGTERM (a polite kill) raise KeyboardInterrupt, so that temporary files are removed on the way out.
A library may turn that into an error of its own, and Python drops it in a callback. Each signal is therefore noted:
a dropped one is sent again, and a command that saw one ends as interrupted. Nothing is loaded here, because a signal
may come while the other modules are still being loaded.
"""

from __future__ import annotations

import _thread
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
USUAL = (signal.default_int_handler, signal.SIG_DFL)
AGAIN = 0.01  # seconds until a dropped interrupt is sent again: the callback has returned by then

_seen: list[int] = []


def listen() -> None:
    """Note both signals from now on; one that was set to be ignored, as in the background of a shell, stays so."""
    for number in SIGNALS:
        if signal.getsignal(number) in USUAL:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _dropped


def seen() -> bool:
    """Whether a signal came."""
    return bool(_seen)


def ignore() -> None:
    """What is decided stays so while Python shuts down."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, _: object) -> None:
    _seen.append(number)
    raise KeyboardInterrupt


def _dropped(unraisable: Any) -> None:
    """Send an interrupt again that came in a callback; print any other error there, as Python does."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt) and _seen:
        import threading

        again = threading.Timer(AGAIN, _thread.interrupt_main, (_seen[-1],))
        again.daemon = True  # it keeps no command that is done from leaving
        again.start()
    else:
        sys.__unraisablehook__(unraisable)
