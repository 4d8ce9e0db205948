"""Byte code is there for each source of a build, and is believed whatever the source's age."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import byte_code


@pytest.fixture
def build(tmp_path: Path) -> Path:
    layer, function = tmp_path / "SomeLayer" / "python" / "package", tmp_path / "SomeFunction"
    layer.mkdir(parents=True)
    function.mkdir()
    (tmp_path / "template.yaml").write_text("Resources: {}")
    (layer / "__init__.py").write_text("WORD = 'layer'\n")
    (function / "handler.py").write_text("from package import WORD\nprint(WORD)\n")
    return tmp_path


def test_every_source_should_have_byte_code(build: Path) -> None:
    assert byte_code.add(build) == 2


def test_a_source_should_not_be_compiled_again_though_it_looks_newer(build: Path) -> None:
    byte_code.add(build)
    source = build / "SomeLayer/python/package/__init__.py"
    source.write_text("WORD = 'compiled'\n")
    os.utime(source, (2e9, 2e9))
    paths = os.pathsep.join([str(build / "SomeFunction"), str(build / "SomeLayer/python")])
    done = subprocess.run(
        [sys.executable, "-c", "import handler"], env={"PYTHONPATH": paths}, check=True, capture_output=True, text=True
    )
    assert done.stdout == "layer\n"


def test_the_same_sources_should_give_the_same_bytes(build: Path) -> None:
    byte_code.add(build)
    compiled = next((build / "SomeFunction").rglob("*.pyc"))
    before = compiled.read_bytes()
    compiled.unlink()
    byte_code.add(build)
    assert compiled.read_bytes() == before


def test_a_source_that_does_not_compile_should_be_named(build: Path) -> None:
    (build / "SomeFunction" / "broken.py").write_text("def\n")
    with pytest.raises(SyntaxError, match="SomeFunction has sources"):
        byte_code.add(build)
