"""Everlabel: clips through streaming labeling jobs, level after level, and none of them lost on the way."""
