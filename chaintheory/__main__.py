"""Where the command ``chaintheory`` and ``python -m chaintheory`` begin."""

from __future__ import annotations

import sys

from chaintheory.cli import interrupts

TYPE_CHECKING = False  # as in typing, which is not loaded before interrupts are heard
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 130 if a signal came, whatever was made of it."""
    code = 0
    try:
        interrupts.listen()
        from chaintheory.cli.main import run

        code = run(arguments)
        interrupts.ignore()
    except BaseException:
        if not interrupts.seen():
            raise
    interrupts.ignore()
    sys.exit(130 if interrupts.seen() else code)


if __name__ == "__main__":
    main()
