"""File names made of names that people gave."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_SAFE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]|_(?!_))*(?<![_.])")
_LONGEST = 80


def file_name(text: str) -> str:
    """A name that every file system and every reader takes: as it is, or near it with the beginning of its SHA-256.

    It has no two underscores in a row, so parts joined by two are told apart again. Different texts have different
    names, except on file systems that take capitals and small letters for the same.
    """
    if _SAFE.fullmatch(text) and len(text) <= _LONGEST:
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    near = re.sub(r"[^A-Za-z0-9.-]+", "_", plain).strip("_.-")[:_LONGEST].rstrip("_.-")
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{near}-{digest}" if near else digest


def distinct(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """The names, each that another has too (in capitals or not) with a plus and its member of `others` behind it.

    No name of `file_name` has a plus, so none is met twice.
    """
    count = Counter(name.casefold() for name in names)
    return [
        name if count[name.casefold()] == 1 else f"{name}+{other}" for name, other in zip(names, others, strict=True)
    ]
