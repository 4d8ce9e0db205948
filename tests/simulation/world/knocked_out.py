"""Tells the stories of one knock-out, in the copy from which the defence was removed; prints the verdict as JSON."""

import json
import sys

from tests.simulation.world.defences import DEFENCES
from tests.simulation.world.knock_outs import SEEDS, told


def main(name: str) -> None:
    """Until a story goes wrong, or the seeds are over."""
    [knock_out] = [each for each in DEFENCES if each.name == name]
    for one in told(knock_out.stories, SEEDS):
        if one.wrong is not None:
            verdict = {"story": one.story.name, "seed": one.seed, "wrong": one.wrong}
            print(json.dumps(verdict))  # noqa: T201 # whoever started this reads it
            return
    print(json.dumps({}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
