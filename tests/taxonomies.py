"""Taxonomies for tests: LAVA's, and a small one to break."""

import json
from pathlib import Path
from typing import Any

from everlabel import taxonomy_form
from everlabel.taxonomy import Taxonomy

_ROOT = Path(__file__).parents[1]
LAVA_FILE = _ROOT / "taxonomies" / "lava" / "taxonomy.json"
SCHEMA_FILE = _ROOT / "layers" / "everlabel" / "everlabel" / "taxonomy.schema.json"


def lava() -> Taxonomy:
    """The taxonomy of driving video that comes with Everlabel."""
    return taxonomy_form.read(LAVA_FILE.read_bytes())


def small_file() -> dict[str, Any]:
    """A taxonomy's file with one of everything, without faults."""
    return {
        "name": "farm",
        "version": 2,
        "description": "Animals on a farm",
        "attributes": {
            "drive": {"field": {"type": "text", "required": True, "description": "Which field"}},
            "clip": {
                "season": {"values": ["spring", "autumn"], "description": "When"},
                "degrees": {"type": "number", "minimum": -40, "maximum": 50, "description": "How warm"},
            },
            "frame": {
                "number": {"type": "number", "from": "index", "description": "Which frame"},
                "blurred": {"values": ["yes", "no"], "description": "Whether it is blurred"},
            },
        },
        "objects": {
            "animal": {
                "shape": "box",
                "classes": ["cow", "sheep of a long-haired breed"],
                "attributes": {
                    "posture": {
                        "values": ["lying", "standing upright on its legs"],
                        "description": "How it holds itself",
                    },
                    "age": {"type": "number", "minimum": 0, "maximum": 30, "description": "In years"},
                },
            },
            "fence": {"shape": "polyline", "classes": ["fence"]},
        },
        "short": {"sheep of a long-haired breed": "long-haired", "standing upright on its legs": "standing"},
        "labelingJobs": {
            "Animals": {"taskType": "VideoObjectTracking", "objects": ["animal"], "frameAttributes": ["blurred"]},
            "Fences": {
                "taskType": "VideoObjectDetection",
                "objects": ["fence"],
                "instructions": {"short": "Draw fences."},
            },
            "AdjAnimals": {"adjusts": "Animals", "title": "Adjust animals"},
            "VerFences": {"adjusts": "Fences", "taskType": "VerificationVideoObjectDetection"},
        },
    }


def taxonomy(file: dict[str, Any]) -> Taxonomy:
    """The taxonomy of a file. Raises TaxonomyRefused."""
    return taxonomy_form.read(json.dumps(file).encode())
