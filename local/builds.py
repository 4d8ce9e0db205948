"""Builds the application for both processors, and the command line, and looks at what came out.

    python -m local.builds

For each architecture: `sam build` passes, every binary in a layer is of that architecture, each function with its
layers stays under Lambda's size and has its byte code, and, where this machine has that processor, every function
imports from its built code and layers alone. The wheel of the command line holds its packages and taxonomies whole,
and nothing else.
"""

import os
import platform
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local import byte_code

ROOT = Path(__file__).resolve().parent.parent

# Bytes of code and layers together, unzipped: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_BYTES = 250 * 1024 * 1024
# e_machine of an ELF file: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
MACHINES = {"arm64": 183, "x86_64": 62}
# What the wheel holds, and from where; what git does not keep is nobody's.
WHEEL = {
    "everlabel/": "layers/everlabel/everlabel/",
    "everlabel_cli/bundled_taxonomies/": "taxonomies/",
    "everlabel_cli/": "cli/everlabel_cli/",
}
HERE = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64"}.get(platform.machine())

_IMPORT = """
import sys
sys.path[:0] = {paths!r}
import {module}
assert callable({module}.handler)
"""


class BuildError(Exception):
    """What was built would not run."""


def main() -> None:
    """Builds and checks both architectures and the wheel; raises BuildError or CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        check_wheel(build_wheel(Path(folder)))
    for architecture in MACHINES:
        with tempfile.TemporaryDirectory() as folder:
            build(architecture, Path(folder))
            check(architecture, Path(folder))


def build(architecture: str, folder: Path) -> None:
    """`sam build` into a folder, and byte code beside it."""
    # SAM looks for an interpreter of the functions' version first on the path.
    path = f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = [str(ROOT / ".venv-sam/bin/sam"), "build", "--no-cached", "--build-dir", str(folder)]
    done = subprocess.run(  # noqa: S603 # our own command line
        [*command, "--parameter-overrides", f"Architecture={architecture}"],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"sam build for {architecture} failed:\n{done.stdout}{done.stderr}")
    byte_code.add(folder)


def check(architecture: str, folder: Path) -> None:
    """Looks at what `build` made. Raises BuildError with everything that is wrong."""
    resources: dict[str, dict[str, Any]] = yaml_parse((folder / "template.yaml").read_text())["Resources"]
    layers = {name: folder / name for name, made in resources.items() if made["Type"].endswith("::LayerVersion")}
    faults = [fault for place in layers.values() for fault in _foreign(place, MACHINES[architecture])]
    sizes = {}
    for name, made in resources.items():
        if not made["Type"].endswith("::Function"):
            continue
        used = [layers["EverlabelLayer"], *(layers[layer["Ref"]] for layer in made["Properties"].get("Layers", []))]
        code = folder / made["Properties"]["CodeUri"]
        faults += [f"{path.relative_to(folder)} has no byte code" for path in _uncompiled(code, *used)]
        sizes[name] = sum(_size(place) for place in [code, *used])
        if sizes[name] > MOST_BYTES:
            faults.append(f"{name} has {sizes[name]:,} bytes with its layers; Lambda takes {MOST_BYTES:,}")
        if architecture == HERE:
            faults += _import(name, made["Properties"]["Handler"].partition(".")[0], code, used)
    if faults:
        raise BuildError("\n".join(faults))
    largest = max(sizes, key=lambda name: sizes[name])
    imported = "all import from their built layers alone" if architecture == HERE else "not imported: other processor"
    print(  # noqa: T201
        f"{architecture}: {len(sizes)} functions, {len(layers)} layers, every binary is {architecture}; "
        f"largest with its layers: {largest}, {sizes[largest] / 1024 / 1024:.0f} of 250 MB; {imported}"
    )


def build_wheel(folder: Path) -> Path:
    """The command line's wheel, made as `pip install .` makes it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)  # noqa: S603 # our own command line
    (wheel,) = folder.glob("everlabel-*.whl")
    return wheel


def check_wheel(wheel: Path) -> None:
    """Looks at what is in the wheel. Raises BuildError with what is missing and what is too much."""
    with zipfile.ZipFile(wheel) as opened:
        names = [name for name in opened.namelist() if ".dist-info/" not in name]
        entry = next(name for name in opened.namelist() if name.endswith("/entry_points.txt"))
        points = opened.read(entry).decode()
    held = {_origin(name) for name in names}
    git = ["git", "ls-files", "-z", *WHEEL.values()]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    wanted = {name for name in listed.split("\0") if name and (ROOT / name).exists()}
    faults = [f"the wheel lacks {name}" for name in sorted(wanted - held)]
    faults += [f"the wheel has {name}, which is not ours" for name in sorted(held - wanted)]
    if "everlabel = everlabel_cli.__main__:main" not in points:
        faults.append("the wheel installs no command everlabel")
    if faults:
        raise BuildError("\n".join(faults))
    print(f"{wheel.name}: {len(held)} files, the command everlabel")  # noqa: T201


def _origin(name: str) -> str:
    """The file in the checkout that a file of the wheel comes from."""
    place = next((place for place in WHEEL if name.startswith(place)), None)
    return name if place is None else WHEEL[place] + name.removeprefix(place)


def _foreign(place: Path, machine: int) -> Iterator[str]:
    for path in sorted(place.rglob("*")):
        if not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(20)
        if head[:4] == b"\x7fELF" and struct.unpack_from("<H", head, 18)[0] != machine:
            yield f"{path.relative_to(place.parent)} is for another processor"


def _uncompiled(*places: Path) -> Iterator[Path]:
    sources = (path for place in places for path in sorted(place.rglob("*.py")))
    return (path for path in sources if not Path(cache_from_source(path)).exists())


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def _import(name: str, module: str, code: Path, layers: list[Path]) -> Iterator[str]:
    paths = [str(code), *(str(layer / "python") for layer in layers)]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "build"}
    # -S and -I: no site-packages, nothing of this machine's environment.
    done = subprocess.run(  # noqa: S603 # our own command line
        [sys.executable, "-I", "-S", "-c", _IMPORT.format(paths=paths, module=module)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        yield f"{name} does not import from its built layers: {done.stderr.strip().splitlines()[-1]}"


if __name__ == "__main__":
    main()
