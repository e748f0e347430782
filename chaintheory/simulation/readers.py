"""Columns of a trajectory that another program wrote: tables, NetCDF, dump and thermo output of LAMMPS.

Tables are read by pandas, NetCDF by xarray. What a file is, its first lines say, not its name.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chaintheory.simulation.stated_units import (
    OF_MODEL,
    bare,
    in_si_units,
    one_word_each,
    refuse_contradiction,
    size_of,
)
from chaintheory.support.files import existing_file
from chaintheory.support.stated import is_model, of_name
from chaintheory.support.validation import nearest, positive, shown
from chaintheory.units import Units

Array = NDArray[np.float64]
Column = str | int

COMMENT = "#"
# Names of a column that need not be asked for, the first that is there.
TIMES, POSITIONS = ("time", "t"), ("position", "x")
# Units of length and time in the styles of LAMMPS (``dump_modify units yes``); lj: those of the model.
STYLES = {
    "lj": ("", ""), "real": ("angstrom", "fs"), "metal": ("angstrom", "ps"), "si": ("m", "s"), "cgs": ("cm", "s"),
    "electron": ("bohr", "fs"), "micro": ("um", "us"), "nano": ("nm", "ns"),
}  # fmt: skip
LENGTHS, SPEEDS = ("x", "y", "z", "xu", "yu", "zu"), ("vx", "vy", "vz")


@dataclass(frozen=True)
class Columns:
    """What was read, in the model's units: times (t_slow), positions (l_slow), velocities (l_slow/t_slow) or None."""

    time: Array
    position: Array | None
    velocity: Array | None = None


def read_columns(
    path: str | os.PathLike[str],
    time: Column | None = None,
    position: Column | None = None,
    velocity: Column | None = None,
    *,
    time_unit: float | None = None,
    position_unit: float | None = None,
    atom: int | None = None,
    time_step: float | None = None,
    units: Units | None = None,
    with_position: bool = False,
) -> Columns:
    r"""Read time and position, or time and velocity, of a trajectory from a file.

    Parameters
    ----------
    path
        A table (any delimiter, with a header or none, comments after ``#``, also compressed by gzip), a NetCDF file, a
        dump of LAMMPS (``ITEM: TIMESTEP``) or its log with thermo output.
    time, position, velocity
        Name or number (from 0) of a column; a unit in its name, ``t [ps]``, ``t (ps)`` or ``t/ps``, may be left out.
        Left out: the columns ``time`` (or ``t``) and ``position`` (or ``x``), or the first two of a table without
        names; of a dump the time of each snapshot and ``xu``, or else ``x``, unwrapped; no velocity. A velocity alone
        may be given.
    time_unit, position_unit
        The unit of a column in t_slow and in l_slow: a time of 3 ps is 3 times the ``time_unit`` of ps. Left out: what
        the header says, or 1. One that contradicts the header is refused.
    atom
        The id of the particle in a dump of more than one atom.
    time_step
        Time of one step of a dump, or of a column of times that is named after steps, in units of the file.
    units
        The model's units in physical ones, which a unit in a header (s, ps, fs, m, nm, angstrom ...) needs.
    with_position
        Look for a position beside a velocity too.

    Raises
    ------
    ValueError
        A file that is not there or is none of these, a column that it does not have (the ones that it has are listed),
        a cell that is no finite number (file and line are named), a unit in a header that is unknown, or physical
        where ``units`` are not given.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(f"{folder}/run.csv").write_text("t;x\n0;20\n0,5;45\n")
    ...     read_columns(f"{folder}/run.csv", time="t", position="x").time.tolist()
    [0.0, 0.5]
    """
    file = existing_file("path", path)
    given = {"time": time_unit, "position": position_unit}
    for name, value in given.items():
        if value is not None:
            given[name] = positive(f"{name}_unit", value)
    step = None if time_step is None else positive("time_step", time_step)
    begin = _unpacked(file, 1 << 16)
    if atom is not None and not begin.startswith(b"ITEM:"):
        raise ValueError(f"atom goes with a dump of LAMMPS, which {file.name} is not, got {atom!r}")
    if begin.startswith((b"CDF", b"\x89HDF")):
        table = _netcdf(file, [name for name in (time, position, velocity) if name is not None])
    elif begin.startswith(b"ITEM:"):
        table = _dump(file, atom, step)
    elif begin.startswith(b"LAMMPS (") or b"\nPer MPI rank memory" in begin:
        table = _thermo(file)
    else:
        table = _table(file)
    if not table.lines:
        raise ValueError(f"{file.name} must hold rows of numbers, got none")
    asked: dict[str, Column | None] = {"time": time, "position": position, "velocity": velocity}
    if velocity is None or position is not None or with_position:
        asked["position"] = table.default(1) if position is None else position
    if time is None:
        asked["time"] = table.default(0)
    taken: dict[int, str] = {}
    for name, column in asked.items():
        if column is not None and (other := taken.setdefault(table.index(name, column), name)) != name:
            raise ValueError(f"{other} and {name} must be two columns of {file.name}, got {shown(column)} for both")
    found = {name: None if column is None else table.numbers(name, column) for name, column in asked.items()}
    times = found["time"]
    assert times is not None
    if step is not None and not begin.startswith(b"ITEM:"):
        named = table.names[table.index("time", asked["time"])]  # type: ignore[arg-type]  # one was found above
        if "step" not in named.casefold():
            raise ValueError(
                f"time_step goes with a dump of LAMMPS or a column of steps, got {step!r} for the column {named!r}"
            )
        times = times * step
    x, v = found["position"], found["velocity"]
    scale = {
        name: given[name] or _unit(table.unit(name, column), name, units)
        for name, column in asked.items()
        if column is not None and name != "velocity"
    }
    for name, value in given.items():
        column = asked.get(name)
        if value is not None and column is not None:
            refuse_contradiction(name, f"{name}_unit", value, table.unit(name, column), units)
        elif value is None and table.loose is not None:
            raise ValueError(
                f"{name}_unit must be given, or {file.name} must name each of its {len(table.names)} columns, "
                f"got {table.loose:.60}"
            )
    of_velocity = None if velocity is None else table.unit("velocity", velocity)
    _refuse_missing_unit(table, asked, given)
    if time_unit is not None and position_unit is not None:
        refuse_contradiction("velocity", "position_unit/time_unit", position_unit / time_unit, of_velocity, units)
    if of_velocity is None or time_unit is not None or position_unit is not None:
        speed = scale.get("position", given["position"] or 1.0) / scale["time"]
    else:
        speed = _unit(of_velocity, "velocity", units)
    return Columns(
        times * scale["time"], None if x is None else x * scale["position"], None if v is None else v * speed
    )


def _refuse_missing_unit(table: Table, asked: dict[str, Column | None], given: dict[str, float | None]) -> None:
    """ValueError where one column states a physical unit and another none: then nobody knows what it is in."""
    stated = {
        name: table.unit(name, column)
        for name, column in asked.items()
        if column is not None and given.get(name) is None
    }
    physical = [name for name, text in stated.items() if text is not None and not is_model(text, OF_MODEL[name])]
    without = [name for name, text in stated.items() if not text]
    if "velocity" in without and all(name in physical for name in ("time", "position")):
        without.remove("velocity")  # it is in these
    if physical and without:
        name = without[0]
        option = "time_unit and position_unit" if name == "velocity" else f"{name}_unit"
        raise ValueError(
            f"{option} must be given, or {table.file} must state a unit of the {name} as it does of the {physical[0]} "
            f"({stated[physical[0]]:.40}), got none"
        )


def _unit(text: str | None, what: str, units: Units | None) -> float:
    """A unit of a header in that of the model; ValueError, with what to type, for one that cannot be known."""
    if text is None or is_model(text, OF_MODEL[what]):
        return 1.0
    known = in_si_units(text, what)
    if math.isnan(known):
        raise ValueError(
            f"{what}: its unit must be one that is known (or give time_unit and position_unit), got {text:.40}"
        )
    if units is None:
        of_model = OF_MODEL[what]
        option = "time_unit and position_unit" if what == "velocity" else f"{what}_unit"
        raise ValueError(
            f"{option} must be given, as the header says {text}: the unit in {of_model}, which is {known:g} in SI over "
            f"that of ct.Units(mass, omega_slow) (a System.from_physical knows it)"
        )
    return known / size_of(what, units)


@dataclass
class Table:
    """Columns by name, as text or numbers, with the line of the file that each row stands in."""

    file: str
    names: Sequence[str]
    columns: Sequence[Any]
    lines: Sequence[int]
    named: bool = True
    loose: str | None = None  # a comment with units that belong to no column
    defaults: tuple[tuple[str, ...], tuple[str, ...]] = (TIMES, POSITIONS)

    def default(self, which: int) -> Column:
        """The column that is time (0) or position (1) where none is named."""
        if not self.named:
            return which
        folded = {bare(name).casefold(): name for name in reversed(self.names)}
        for wanted in self.defaults[which]:
            if wanted in folded:
                return folded[wanted]
        known = ", ".join(map(repr, self.names))
        raise ValueError(f"{('time', 'position')[which]} must name a column of {self.file}: one of {known}")

    def numbers(self, what: str, column: Column) -> Array:
        """A column as finite doubles; ValueError with the line of the first cell that is none."""
        import pandas as pd

        values = pd.to_numeric(pd.Series(self.columns[self.index(what, column)]), errors="coerce").to_numpy(np.float64)
        wrong = ~np.isfinite(values)
        if wrong.any():
            row = int(np.argmax(wrong))
            cell = str(self.columns[self.index(what, column)][row])
            raise ValueError(f"{self.file}, line {self.lines[row]}: {what} must be a finite number, got {cell:.40}")
        return values

    def index(self, what: str, column: Column) -> int:
        """Where a column stands, by its name or its number."""
        if isinstance(column, bool) or not isinstance(column, str | int):
            raise TypeError(f"{what} must be the name or the number of a column, got {shown(column)}")
        if column in self.names and self.named:
            return list(self.names).index(str(column))
        without = [bare(name) for name in self.names]
        if self.named and without.count(str(column)) == 1:
            return without.index(str(column))
        text = str(column)
        if text.isdecimal() and text.isascii() and len(text) < 10 and int(text) < len(self.names):
            return int(column)
        known = ", ".join(map(repr, self.names)) if self.named else f"numbers 0 to {len(self.names) - 1}"
        raise ValueError(
            f"{what} must name a column of {self.file}, which has {known}, got {shown(text)}"
            + nearest(text[:60], self.names)
        )

    def unit(self, what: str, column: Column) -> str | None:
        """The unit that the header states of a column; None without one."""
        return of_name(self.names[self.index(what, column)]) if self.named else None


def _unpacked(file: Path, most: int = -1) -> bytes:
    """The first bytes of a file, or all, unpacked."""
    try:
        with file.open("rb") as raw:
            head = raw.read(2)
        with gzip.open(file, "rb") if head == b"\x1f\x8b" else file.open("rb") as lines:
            return lines.read(most)
    except (OSError, EOFError, zlib.error) as problem:
        raise ValueError(f"{file.name} cannot be read: {problem}") from None


def _text(file: Path) -> str:
    """The whole text of a file, unpacked."""
    try:
        return _unpacked(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file.name} must be text, NetCDF or output of LAMMPS, got other bytes") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip().strip('"'))
    except ValueError:
        return False
    return True


def _delimiter(line: str) -> str:
    r"""What separates the cells of a line: semicolon, tabulator, bar, comma or white space, the first that it holds."""
    return next((mark for mark in (";", "\t", "|", ",") if mark in line), r"\s+")


def _states_units(line: str) -> bool:
    """Whether a comment has a known unit of time or length in brackets."""
    return any(
        not math.isnan(in_si_units(text, what))
        for text in re.findall(r"[\[(]([^\])]+)[\])]", line)
        for what in ("time", "position", "velocity")
    )


def _table(file: Path) -> Table:
    """A table of text, read by pandas."""
    import pandas as pd

    text = _text(file)
    rows = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    data = [(number, line) for number, line in rows if not line.lstrip().startswith(COMMENT)]
    if not data:
        raise ValueError(f"{file.name} must hold rows of numbers, got none")
    mark = _delimiter(data[0][1])

    def cells(number: int, line: str) -> list[str]:
        try:
            parts = line.split() if mark == r"\s+" else next(csv.reader([line], delimiter=mark))
        except csv.Error as problem:  # a cell of more than 131,072 characters
            raise ValueError(f"{file.name}, line {number}: it must be cells of a table, got a {problem}") from None
        return [part.strip().strip('"') for part in parts]

    def names_in(number: int, line: str) -> list[str]:
        """The names in a header, which may be apart by another mark than the numbers."""
        if mark != r"\s+":
            return cells(number, line)
        by_space = cells(number, one_word_each(line))
        by_mark = [cell.strip() for cell in line.split(_delimiter(line))] if _delimiter(line) != mark else []
        return by_mark if len(by_mark) == columns else by_space

    first, loose = cells(*data[0]), None
    decimal = "," if mark != "," and any("," in line for _, line in data[:20]) and "." not in data[-1][1] else "."
    named = not all(_is_number(cell.replace(decimal, ".")) for cell in first if cell)
    names = first
    row, text = data[named and len(data) > 1]
    columns = len(cells(row, text.partition(COMMENT)[0]))
    if named:
        names, data = names_in(*data[0]), data[1:]
    else:  # names may stand in a comment before the first row: in the last one, or in one that states units
        before = [(number, line.lstrip().lstrip(COMMENT).strip()) for number, line in rows if number < data[0][0]]
        with_units = [one for one in before if _states_units(one[1])]
        headers = [one for one in (*before[-1:], *with_units[::-1]) if len(names_in(*one)) == columns]
        named = bool(headers)
        names = names_in(*headers[0]) if named else [str(number) for number in range(columns)]
        loose = with_units[-1][1] if with_units and not named else None
    if len(set(names)) < len(names):
        raise ValueError(f"{file.name} must name each column once, got {', '.join(map(repr, names))}")
    lines = [number for number, _ in data]
    if not data:
        return Table(file.name, names, [[] for _ in names], lines, named)
    for number, line in data:
        if (count := len(cells(number, line.partition(COMMENT)[0]))) != len(names):
            raise ValueError(f"{file.name}, line {number}: it must have {len(names)} cells, got {count}")
    frame = pd.read_csv(
        io.StringIO("\n".join(line.strip() if mark == r"\s+" else line for _, line in data)),
        sep=mark, header=None, names=list(range(len(names))), decimal=decimal, comment=COMMENT, keep_default_na=False,
        skipinitialspace=True, index_col=False,
    )  # fmt: skip
    return Table(file.name, names, [frame[column].to_numpy() for column in frame], lines, named, loose)


def _netcdf(file: Path, wanted: Sequence[Column]) -> Table:
    """The variables of one dimension of a NetCDF file, read by xarray."""
    import xarray

    try:
        with xarray.open_dataset(file, decode_times=False) as data:
            named = {str(name): variable for name, variable in data.variables.items() if variable.ndim == 1}
            chosen = [name for name in named if name in wanted or name in ("time", "position")]
            length = named[chosen[0]].size if chosen else 0
            names = [name for name in named if named[name].size == length] if length else list(named)
            columns = [np.asarray(named[name].values) for name in names]
            stated = [str(named[name].attrs.get("units", "")) for name in names]
    except (OSError, ValueError, KeyError, RuntimeError) as problem:
        raise ValueError(f"{file.name} cannot be read as NetCDF: {problem}") from None
    size = columns[0].size if columns else 0
    names = [f"{name} [{unit}]" if unit else name for name, unit in zip(names, stated, strict=True)]
    return Table(file.name, names, columns, range(1, size + 1))


def _thermo(file: Path) -> Table:
    """The thermo output in a log of LAMMPS, all runs joined; a row that repeats the step before is left out."""
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    inside = False
    for number, line in enumerate(_text(file).splitlines(), start=1):
        cells = line.split()
        if cells and cells[0] == "Step":
            if names and cells != names:
                raise ValueError(f"{file.name}, line {number}: all runs must have the columns {' '.join(names)}")
            names, inside = cells, True
        elif line.startswith("Loop time"):
            inside = False
        elif inside and len(cells) == len(names) and all(map(_is_number, cells)):
            if not rows or cells[0] != rows[-1][0]:
                rows.append(cells)
                lines.append(number)
    if not rows:
        raise ValueError(f"{file.name} must hold thermo output with a column Step, got none")
    columns = list(zip(*rows, strict=True))
    return Table(file.name, names, columns, lines, defaults=(("time", "step"), ("position",)))


def _dump(file: Path, atom: int | None, time_step: float | None) -> Table:
    """One atom of a dump of LAMMPS: time, and the columns of the dump; ``x`` is unwrapped."""
    names: list[str] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    times: list[float] = []
    box, style = math.inf, "lj"
    for snapshot in _snapshots(file):
        if names is not None and snapshot.names != names:
            raise ValueError(
                f"{file.name}, line {snapshot.line}: all snapshots must have the columns {' '.join(names)}"
            )
        names = snapshot.names
        style = snapshot.units or style
        if atom is not None and "id" not in names:
            raise ValueError(f"atom goes with a dump that has the column id, got {' '.join(names)}")
        mine = [
            (number, cells) for number, cells in snapshot.atoms if atom is None or cells[names.index("id")] == str(atom)
        ]
        if len(mine) != 1:
            raise ValueError(
                f"{file.name}, line {snapshot.line}: atom must be the id of the particle, got {atom!r}, "
                f"of which the snapshot has {len(mine)}"
            )
        rows.append(mine[0][1])
        lines.append(mine[0][0])
        if snapshot.time is None and time_step is None:
            raise ValueError(f"time_step must be given for {file.name}, which lists steps and no times")
        times.append(snapshot.time if snapshot.time is not None else snapshot.step * float(time_step or 0.0))
        box = snapshot.box
    if names is None:
        raise ValueError(f"{file.name} must hold a snapshot, got none")
    columns: list[Any] = [times, *(list(column) for column in zip(*rows, strict=True))]
    if style not in STYLES:
        raise ValueError(f"{file.name} must be in units {', '.join(STYLES)}, got {style:.40}")
    of_length, of_time = STYLES[style]
    named = ["time", *names]
    if of_length:
        of = {"time": of_time, **dict.fromkeys(LENGTHS, of_length), **dict.fromkeys(SPEEDS, f"{of_length}/{of_time}")}
        named = [f"{name} [{of[name]}]" if name in of else name for name in named]
    table = Table(file.name, named, columns, lines, defaults=(("time",), ("position", "xu", "x")))
    if "x" in names and math.isfinite(box):
        table.columns[1 + names.index("x")] = np.unwrap(table.numbers("position", "x"), period=box)  # type: ignore[index]
    return table


@dataclass
class Snapshot:
    """One snapshot of a dump."""

    line: int
    step: int
    time: float | None
    box: float
    names: list[str]
    atoms: list[tuple[int, list[str]]]
    units: str | None = None


def _snapshots(file: Path) -> Iterator[Snapshot]:
    """The snapshots of a dump; ValueError, with the line, where one is cut short."""
    lines = _text(file).splitlines()
    at = 0
    try:
        while at < len(lines):
            if not lines[at].strip():
                at += 1
                continue
            first, time, step, box, count, units = at + 1, None, 0, math.inf, 0, None
            while not lines[at].startswith("ITEM: ATOMS"):
                item = lines[at]
                if item.startswith("ITEM: TIMESTEP"):
                    step = int(lines[at + 1])
                elif item.startswith("ITEM: TIME"):
                    time = float(lines[at + 1])
                elif item.startswith("ITEM: UNITS"):
                    units = lines[at + 1].strip()
                elif item.startswith("ITEM: NUMBER"):
                    count = int(lines[at + 1])
                elif item.startswith("ITEM: BOX"):
                    low, high = lines[at + 1].split()[:2]
                    box = float(high) - float(low)
                at += 1
            names = lines[at].split()[2:]
            atoms = [(at + 2 + row, lines[at + 1 + row].split()) for row in range(count)]
            if any(len(cells) != len(names) for _, cells in atoms):
                raise ValueError
            at += 1 + count
            yield Snapshot(first, step, time, box, names, atoms, units)
    except (IndexError, ValueError):
        raise ValueError(f"{file.name}, line {min(at + 1, len(lines))}: a snapshot is not whole") from None
