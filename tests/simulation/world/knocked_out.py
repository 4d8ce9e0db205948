"""Tells the stories of one knock-out, in the copy from which the defence was removed; prints the verdict as JSON."""

import json
import sys

from tests.simulation.world.defences import DEFENCES
from tests.simulation.world.knock_outs import caught


def main(name: str) -> None:
    """Until a story goes wrong, or the seeds are over."""
    [knock_out] = [each for each in DEFENCES if each.name == name]
    for story, seed, wrong in caught(knock_out.stories):
        if wrong is not None:
            print(json.dumps({"story": story.name, "seed": seed, "wrong": wrong}))  # noqa: T201 # who started this reads it
            return
    print(json.dumps({}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
