"""How the compiled modules were made, and which of their versions this processor runs."""

cdef extern from "target.h" nogil:
    const char *ct_compiler()
    const char *ct_flags()
    const char *ct_target()
    int ct_vector_width()


def compiler():
    """Name and version of the C compiler."""
    return ct_compiler().decode()


def flags():
    """Options given to the C compiler beside Python's own."""
    return ct_flags().decode()


def target():
    """Architecture of the versions in use on this processor."""
    return ct_target().decode()


def vector_width():
    """Doubles in one vector register of the versions in use on this processor."""
    return ct_vector_width()
