"""What the commands share: options that describe a system, tables, JSON and progress bars."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from chaintheory.model import System


class Number(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of Click
    """A finite real number; anything else is refused with the option's name."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return ``value`` as a float, or say what is allowed."""
        try:
            result = float(value)
        except (TypeError, ValueError):
            result = math.nan
        if not math.isfinite(result):
            option = param.opts[0] if param is not None else "value"
            raise click.UsageError(f"{option} must be a finite real number, got {value!r}", ctx)
        return result


NUMBER = Number()

# The paper's Fig. 4: option, its value there, what it is.
PARAMETERS = {
    "omega_fast": (10.0, "Top of the phonon band; the bottom is 1."),
    "spacing": (40.0, "Lattice spacing."),
    "amplitude": (2.0, "Interaction at zero distance: positive repels, negative attracts."),
    "width": (4.0, "Width of the Gaussian interaction."),
    "mass": (1.0, "Mass of the particle, in chain masses."),
    "bias": (0.01, "Energy gained from the bias per lattice spacing."),
}


def option(name: str, default: float | None, text: str, **more: Any) -> Callable[..., Any]:
    """Return a Click option ``--name`` that takes a finite number."""
    flag = "--" + name.replace("_", "-")
    return click.option(
        flag,
        name,
        type=NUMBER,
        default=default,
        show_default=default is not None,
        help=text,
        **more,
    )


def system_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a system; the command receives ``system`` in their place."""

    @functools.wraps(function)
    def with_system(**given: Any) -> Any:
        values = {name: given.pop(name) for name in PARAMETERS}
        return function(system=build_system(**values), **given)

    for name, (default, text) in reversed(PARAMETERS.items()):
        with_system = option(name, default, text)(with_system)
    return with_system


def build_system(omega_fast: float, spacing: float, amplitude: float, width: float, mass: float, bias: float) -> System:
    """Build the system that the options describe."""
    from chaintheory import Chain, Gaussian, System

    return System(Chain(omega_fast, spacing), Gaussian(amplitude, width), mass=mass, bias=bias)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")


def print_json(value: Any) -> None:
    """Print ``value`` as JSON; numbers that JSON does not know (inf, nan) become null."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """Turn NumPy arrays, tuples and mappings into what JSON can hold.

    >>> plain({"speed": (1.0, math.inf)})
    {'speed': [1.0, None]}
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_table(rows: Iterable[Sequence[Any]], headers: Sequence[str], **more: Any) -> None:
    """Print a table with a rule under its header."""
    from tabulate import tabulate

    click.echo(tabulate(list(rows), headers=list(headers), tablefmt="simple", **more))


def bar(total: float | None, what: str, unit: str = "it", **more: Any) -> Any:
    """Return a progress bar on stderr; none where stderr is not a terminal."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit=unit, disable=None, leave=False, **more)
