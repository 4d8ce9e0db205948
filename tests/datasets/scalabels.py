"""Scalabel's reader, imported without what it says meanwhile: it was written for pydantic 1, and works with 2."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from scalabel.label.io import load
    from scalabel.label.transforms import (
        box2d_to_bbox,
        graph_to_keypoints,
        rle_to_mask,
    )

__all__ = ["box2d_to_bbox", "graph_to_keypoints", "load", "rle_to_mask"]
