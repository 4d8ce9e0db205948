"""The command line of Everlabel."""

import importlib.util
import sys
from pathlib import Path

# In a checkout the package `everlabel` lies where its layer is built from; an installed command has it beside this one.
if importlib.util.find_spec("everlabel") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "everlabel"))
