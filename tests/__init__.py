"""Tests. A package with a file of its own, because some distributions install one of this name."""
