"""The laptop world for tests: one at a time, because moto keeps its state in the process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.world import Settings, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The real template. A module that needs other settings has a fixture of this name of its own."""
    with World(Settings(logs=tmp_path_factory.mktemp("logs"))) as made:
        yield made


@pytest.fixture(scope="session")
def small_template() -> Path:
    """A template with a little of everything, for what the laptop world itself promises."""
    return Path(__file__).parent / "small_world" / "template.yaml"
