"""The site: ``make docs`` builds it with Sphinx from these pages, the ledger and the sources.

Nothing is loaded from elsewhere: formulas are MathML made at build time, fonts are those of the reader's machine, and
the search runs from its index in the page.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from sitemaker import examples, formulas, ledger, reference  # noqa: E402

import chaintheory  # noqa: E402
from chaintheory.dissipation.validity import ValidityWarning  # noqa: E402

project = "chaintheory"
author = "The chaintheory developers"
release = version = chaintheory.__version__
copyright = "the chaintheory developers, MIT licence"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinx_click",
]
exclude_patterns = ["sitemaker", "examples", "gallery/examples/*.ipynb", "gallery/examples/*.py"]
nitpicky = True
# Names of our own must lead somewhere; those of NumPy and others would need the network.
nitpick_ignore_regex = [(r"py:.*", r"(?!chaintheory\.).*"), (r"py:.*", r"chaintheory\.[a-z_]+\..*")]
show_warning_types = True
suppress_warnings = ["config.cache"]
smartquotes_action = "q"  # no dashes: an option of the command line keeps its two hyphens

# Formulas: no script, MathML that wraps.
html_math_renderer = "mathml"

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_excludepatterns = ["tutorials/*"]  # with their committed outputs, which the suite makes again
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True
nb_execution_in_temp = True
nb_mime_priority_overrides = [("html", "text/latex", 0)]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
numpydoc_class_members_toctree = False
add_module_names = False
default_role = "py:obj"

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery/examples",
    "filename_pattern": r".*\.py",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "show_memory": False,
    "capture_repr": (),  # what an example prints, not the name of its last object
    "min_reported_time": 1e9,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "matplotlib_animations": False,
    "plot_gallery": "True",
    "reset_modules": ("matplotlib", examples.reset),
    "remove_config_comments": True,
}

html_theme = "furo"
html_title = f"chaintheory {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_search_scorer = str(HERE / "sitemaker" / "scorer.js")
html_show_search_summary = False  # it would be fetched, which a browser refuses to a page from a file
templates_path = []
html_extra_path = ["extra"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
pygments_dark_style = "github-dark"


def names_that_break(app, pagename, templatename, context, doctree):
    """Let a long name in a sentence or a table break after its underscores, dots and parentheses only."""

    def breaks(found: re.Match[str]) -> str:
        return found[1] + re.sub(r"(?<=[\w)])([_.(=]+)(?=(?:&quot;|[A-Za-z])[\w-])", r"\1<wbr>", found[2])

    context["body"] = re.sub(r'(<span class="pre">)([^<]{9,})(?=</span>)', breaks, context.get("body", ""))


def setup(app):
    """Register what is ours."""
    import warnings

    warnings.simplefilter("ignore", ValidityWarning)
    app.add_html_math_renderer("mathml", (formulas.visit_inline, None), (formulas.visit_block, None))
    app.connect("html-page-context", names_that_break)
    ledger.setup(app)
    reference.setup(app)
