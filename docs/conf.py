"""How the site is built: `make docs` writes it to docs/_build/html."""

import sys
from pathlib import Path

from footfall import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Footfall"
author = project_copyright = "The Footfall developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "command_line", "public_names"]
exclude_patterns = ["_build", "examples"]
nitpicky = True
nitpick_ignore_regex = [
    # Only what `import footfall` gives has a place to link to; other projects' would need the network.
    (r"py:.*", r"(?!footfall\.[A-Za-z]\w*$).*")
]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "tasklist"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False

default_role = "code"  # single backticks in docstrings are code
smartquotes = False  # two hyphens are an option, not a dash

html_theme = "furo"
html_title = "Footfall"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
