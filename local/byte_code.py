"""Byte code beside the sources of what `sam build` built, so that no cold start has to compile them.

    python -m local.byte_code .aws-sam/build

Lambda's disk cannot be written to: an interpreter that finds no byte code there compiles anew each time it starts. The
byte code does not ask how old its source is, because packing loses that; the same sources give the same bytes.
"""

import compileall
import sys
from pathlib import Path
from py_compile import PycInvalidationMode


def add(build: Path) -> int:
    """Compiles every function and layer of a build folder; returns how many files there is byte code for.

    Raises:
        SyntaxError: if a source is none of this interpreter's version.
    """
    for part in sorted(path for path in build.iterdir() if path.is_dir()):
        compiled = compileall.compile_dir(
            part,
            maxlevels=50,
            quiet=1,
            stripdir=str(part),  # the interpreter puts in where it found it
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
        if not compiled:
            raise SyntaxError(f"{part} has sources that Python {sys.version.partition(' ')[0]} does not compile")
    return sum(1 for _ in build.rglob("*.pyc"))


if __name__ == "__main__":
    print(f"byte code of {add(Path(sys.argv[1])):,} files")  # noqa: T201
