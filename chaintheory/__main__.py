"""Where the command ``chaintheory`` and ``python -m chaintheory`` begin."""

from __future__ import annotations

import sys

from chaintheory.cli import interrupts

TYPE_CHECKING = False  # as in typing, which is not loaded before interrupts are heard
if TYPE_CHECKING:
    from collections.abc import Sequence


# With less OpenBLAS, which SciPy brings, does not end its loading; 150 MiB were seen to hang, 290 to serve for curves.
LEAST_ADDRESS_SPACE = 512 * 2**20


def too_little_memory() -> str:
    """Why SciPy cannot be loaded, in one line; empty where it can.

    >>> too_little_memory()
    ''
    """
    try:
        import resource
    except ImportError:  # Windows
        return ""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if not 0 <= limit < LEAST_ADDRESS_SPACE:  # -1 is no limit
        return ""
    least = LEAST_ADDRESS_SPACE // 2**20
    return f"the address space (ulimit -v) must be at least {least} MiB to load SciPy, got {limit // 2**20} MiB"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 130 if a signal came, whatever was made of it."""
    code = 0
    if reason := too_little_memory():
        print(f"chaintheory: {reason}", file=sys.stderr)
        sys.exit(2)
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
