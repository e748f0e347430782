"""Types of the compiled module."""

def compiler() -> str:
    """Name and version of the C compiler."""

def flags() -> str:
    """Options given to the C compiler beside Python's own."""

def target() -> str:
    """Architecture of the versions in use on this processor."""

def vector_width() -> int:
    """Doubles in one vector register of the versions in use on this processor: 1, 2, 4 or 8."""
