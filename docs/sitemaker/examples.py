"""How the pictures of the examples look."""

from __future__ import annotations


def reset(conf, name: str) -> None:
    """Give each example the style of the figures."""
    import warnings

    import matplotlib

    from chaintheory.dissipation.validity import ValidityWarning
    from chaintheory.figures.style import STYLE

    matplotlib.rcParams.update({**STYLE, "figure.dpi": 100})
    warnings.simplefilter("ignore", ValidityWarning)
