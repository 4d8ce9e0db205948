"""The command line of Everlabel."""

import importlib.util
import sys
from pathlib import Path

# In a checkout the package `everlabel` lies where its layer is built from; an installed command has it beside this one.
if importlib.util.find_spec("everlabel") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers" / "everlabel"))


def version() -> str:
    """The version of this command: of what is installed, or of the checkout it runs from."""
    import tomllib
    from importlib import metadata

    checkout = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if checkout.exists():
        return str(tomllib.loads(checkout.read_text())["project"]["version"])
    return metadata.version("everlabel")
