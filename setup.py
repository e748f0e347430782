"""Build the Cython extensions; all metadata is in pyproject.toml.

No -march=native and no -ffast-math: the hot loops carry versions for several vector widths and
choose one when they are loaded (see chaintheory_ext/src/dispatch.h), so that one wheel serves all.
-ffp-contract=off: no version may fuse a product and a sum, so that all of them give the same bits.
"""

import os
import sys
from glob import glob

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

WINDOWS = sys.platform == "win32"
FLAGS = ["/O2"] if WINDOWS else ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]
# A debug build (CHAINTHEORY_DEBUG=1) checks every index.
DEBUG = bool(os.environ.get("CHAINTHEORY_DEBUG"))

HEADERS = [*glob("chaintheory_ext/src/*.h"), *glob("chaintheory_ext/generated/*")]
SOURCES = {
    "chaintheory_ext.build_info": ["chaintheory_ext/src/target.c"],
    "chaintheory_ext.light_cone": ["chaintheory_ext/src/fine_block.c"],
    "chaintheory_ext.direct": ["chaintheory_ext/src/dot_pair.c", "chaintheory_ext/src/fine_block.c"],
    "chaintheory_ext.curves": ["chaintheory_ext/src/crossings.c"],
    "chaintheory_ext.single_passes": ["chaintheory_ext/src/single_passes.c", "chaintheory_ext/src/fine_block.c"],
}

extensions = [
    Extension(
        name,
        [name.replace(".", "/") + ".pyx", *sources],
        include_dirs=[numpy.get_include(), "chaintheory_ext/src", "chaintheory_ext/generated"],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"), ("CT_FLAGS", f'"{" ".join(FLAGS)}"')],
        extra_compile_args=FLAGS,
        depends=HEADERS,
        libraries=[] if WINDOWS else ["m"],
    )
    for name, sources in SOURCES.items()
    if os.path.exists(name.replace(".", "/") + ".pyx")
]

setup(
    ext_modules=cythonize(
        extensions,
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
        },
    )
)
