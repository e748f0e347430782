"""Compile the explorer's kernels to WebAssembly: ``python -m chaintheory.explorer.build`` (``make explorer``).

The compiler is Clang as ``ziglang`` brings it from the package index, of the version below, so that the bytes are the
same on every machine. They are kept in the package beside ``explorer.json``, which has the command, the compiler and a
digest of all sources; a test compares both.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from chaintheory.dissipation.single_pass import MOST_POINTS, NEGLIGIBLE_EXPONENT
from chaintheory.drift.velocities import LEAST_BIAS
from chaintheory.interactions.named import Gaussian
from chaintheory.lattice.memory_kernel import NEGLECTED
from chaintheory.simulation import settings
from chaintheory.simulation.light_cone import KICKS_PER_BLOCK
from chaintheory.simulation.splittings import SCHEMES
from chaintheory.support.validation import FLATTEST, LARGEST, SMALLEST, WIDEST

COMPILER = "ziglang 0.17.1"
COMMAND = (
    "cc -target wasm32-wasi -mexec-model=reactor -mcpu=generic+simd128 -O3 -s -std=c11 -ffp-contract=off "
    "-fno-math-errno -Isrc -Igenerated -I. -o explorer.wasm"
).split()
SOURCES = ("explorer.c", "crossings.c", "fine_block.c")
HEADERS = (
    "src/crossings.h", "src/dispatch.h", "src/fine_block.h", "generated/chain.h", "generated/dissipation.h"
)  # fmt: skip
HERE = Path(__file__).parent
EXTENSIONS = HERE.parents[1] / "chaintheory_ext"


def run_settings() -> str:
    """The settings as a C header: of a run those of order 6 and its default step, as ``System.simulate`` chooses them.

    >>> "#define STAGES 11" in run_settings()
    True
    """
    order = 6
    scheme = SCHEMES[order]
    numbers = {
        "STAGES": scheme.stages,
        "STEPS_IN_BLOCK": KICKS_PER_BLOCK // scheme.stages,
        "USUAL": settings.USUAL[order],
        "RESOLVING": settings.RESOLVING[order],
        "FASTER": settings.FASTER,
        "NEGLECTED": NEGLECTED,
        "REACH": Gaussian(1.0, 1.0).reach(),
        "NEGLIGIBLE_EXPONENT": NEGLIGIBLE_EXPONENT,
        "MOST_POINTS": MOST_POINTS,
    }
    lines = [f"#define {name} {value!r}" for name, value in numbers.items()]
    for name, values in (("KICKS", scheme.kicks), ("FLOWS", scheme.flows)):
        lines.append(f"static const double {name}[STAGES] = {{{', '.join(map(repr, values))}}};")
    return "\n".join(lines) + "\n"


def digest() -> str:
    """Digest of everything that the compiled bytes follow from.

    >>> len(digest())
    64
    """
    parts = [COMPILER.encode(), " ".join(COMMAND).encode(), run_settings().encode()]
    parts += [(EXTENSIONS / "src" / name).read_bytes() for name in SOURCES]
    parts += [(EXTENSIONS / name).read_bytes() for name in HEADERS]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def compiled() -> bytes:
    """The module's bytes, compiled now."""
    with tempfile.TemporaryDirectory() as folder:
        for directory in ("src", "generated"):
            (Path(folder) / directory).mkdir()
        for name in (*HEADERS, *(f"src/{source}" for source in SOURCES)):
            (Path(folder) / name).write_bytes((EXTENSIONS / name).read_bytes())
        (Path(folder) / "run_settings.h").write_text(run_settings(), encoding="utf-8")
        command = [sys.executable, "-m", "ziglang", *COMMAND, *(f"src/{source}" for source in SOURCES)]
        subprocess.run(command, cwd=folder, check=True)
        return (Path(folder) / "explorer.wasm").read_bytes()


def limits() -> dict[str, float]:
    """What the page allows, as the Python package does.

    >>> limits()["largest"]
    1e+30
    """
    return {
        "smallest": SMALLEST,
        "largest": LARGEST,
        "flattest": FLATTEST,
        "widest": WIDEST,
        "least_bias": LEAST_BIAS,
        "farthest": settings.FARTHEST,
        "widths_to_spacing": settings.LONGEST_CUTOFF / Gaussian(1.0, 1.0).reach(),
        "most_steps": 10_000_000,
    }


def record() -> dict[str, Any]:
    """What ``explorer.json`` says of the compiled bytes, and the limits that the page checks."""
    command = " ".join(["python -m ziglang", *COMMAND, *(f"src/{source}" for source in SOURCES)])
    return {"compiler": COMPILER, "command": command, "sources": digest(), "limits": limits()}


def main() -> None:
    """Compile, and write the bytes and their record into the package."""
    (HERE / "explorer.wasm").write_bytes(compiled())
    (HERE / "explorer.json").write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
