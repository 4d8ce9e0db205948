"""Ids that services give out: they belong to the place where they are given, not to how many were given before."""

from contextlib import AbstractContextManager
from hashlib import blake2b


def uuid_of(text: str) -> str:
    """A UUID that belongs to a text."""
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


class Identities:
    """Draws ids in the form of UUIDs."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._place = ""
        self._count = 0
        self._outside = 0

    def new(self) -> str:
        """An id that was never given before, as long as no place is entered twice."""
        if self._place:
            self._count += 1
            what = f"{self._seed}/{self._place}/{self._count}"
        else:
            self._outside += 1
            what = f"{self._seed}//{self._outside}"
        return uuid_of(what)

    def enter(self, place: str) -> tuple[str, int]:
        """As `at`, for whoever promises to `leave`: each call of AWS is one."""
        before = self._place, self._count
        self._place, self._count = place, 0
        return before

    def leave(self, before: tuple[str, int]) -> None:
        """Goes back to what `enter` returned."""
        self._place, self._count = before

    def at(self, place: str) -> AbstractContextManager[None]:
        """What happens now happens at this place, which is a different one each time."""
        return _At(self, place)


class _At:
    __slots__ = ("_before", "_identities", "_place")

    def __init__(self, identities: Identities, place: str) -> None:
        self._identities, self._place = identities, place

    def __enter__(self) -> None:
        self._before = self._identities.enter(self._place)

    def __exit__(self, *_: object) -> None:
        self._identities.leave(self._before)
