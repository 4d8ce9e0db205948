"""What a clip uses of AWS, by a model whose numbers were counted: in the simulated world, where nothing goes wrong
and labels come one by one.

`python -m bench.cost_model` counts them anew; a test holds the table to a fresh count.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """How much of something is used, by what it is used for."""

    clip: float
    """By a clip, however many levels it has."""
    level: float
    """By each of its levels."""
    item: float
    """By each data object of the first level."""
    next_item: float
    """By each data object of a level after it, whose lines carry the labels before: there is more to write."""
    refresh: float
    """By each time that a level is sent again after `resendAfterSeconds`, but for what its objects take."""
    item_refresh: float
    """By each data object of it that is sent again."""

    def of(self, levels: int, items: float, refreshes: float) -> float:
        """What a clip of so many levels uses, with so many data objects at each; each is refreshed so often."""
        labeled = items * (self.item + (levels - 1) * self.next_item)
        again = levels * refreshes * (self.refresh + items * self.item_refresh)
        return self.clip + levels * self.level + labeled + again


COUNTED: Mapping[str, Use] = {
    "CloudWatch metrics read": Use(0, 0, 0, 0, 1, 0),
    "EventBridge events": Use(1, 0, 0, 0, 0, 0),
    "Lambda GB-seconds": Use(0.52979, 0.33025, 0.03513, 0.03507, 0.13323, 0.00161),
    "Lambda requests": Use(3, 2, 1, 1, 2, 0),
    "S3 reads": Use(5, 1, 0, 0, 1, 0),
    "S3 writes": Use(6, 2, 0, 0, 0, 0),
    "SNS requests": Use(0, 0, 0.1, 0.1, 0, 0.1),
    "read units": Use(4, 14, 4.57, 5.06, 6, 0.03),
    "state transitions": Use(4, 3, 0, 0, 2, 0),
    "write units": Use(7, 8, 3, 4, 4, 0),
}
"""By the names of `prices`; of Lambda only what its AWS calls take, 3 to 30 ms each."""
