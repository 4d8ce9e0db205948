from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.frame import VideoFrame
from hypothesis import example, given, settings
from hypothesis import strategies as st

from everlabel.frame_choice import choose


@dataclass(frozen=True)
class Shot:
    pts: int
    duration: int = 0


def chosen(times: list[int], time_base: Fraction, fps: Fraction, **kwargs: int) -> list[int]:
    return [choice.picture.pts for choice in choose([Shot(time) for time in times], time_base, fps, **kwargs)]


def by_libavfilter(shots: list[Shot], time_base: Fraction, fps: Fraction) -> list[tuple[int, int]]:
    """(tick, index of the picture) of each frame out of the real filter."""
    graph = av.filter.Graph()
    source = graph.add("buffer", f"video_size=2x2:pix_fmt=gray:time_base={time_base}")
    graph.link_nodes(source, graph.add("fps", f"fps={fps}"), graph.add("buffersink")).configure()
    out: list[tuple[int, int]] = []

    def drain() -> None:
        while True:
            try:
                frame = graph.vpull()
            except (BlockingIOError, EOFError):
                return
            assert frame.pts is not None
            out.append((frame.pts, bytes(frame.planes[0])[0]))

    for index, shot in enumerate(shots):
        frame = VideoFrame(2, 2, "gray")
        frame.planes[0].update(bytes([index]) * frame.planes[0].buffer_size)
        frame.pts, frame.duration, frame.time_base = shot.pts, shot.duration, time_base
        graph.vpush(frame)
        drain()
    graph.vpush(None)
    drain()
    return out


rates = st.sampled_from(["1/2", "1", "5", "12.5", "24000/1001", "25", "30000/1001", "60"]).map(Fraction)
time_bases = st.sampled_from(["1/1000", "1/90000", "1/12800", "1/30", "1001/30000", "1/25"]).map(Fraction)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Shot], Fraction, Fraction]:
    """Pictures mostly in order, some at the same time, some with a step back; gaps of up to two seconds."""
    time_base, fps = draw(time_bases), draw(rates)
    longest = max(3, int(2 / time_base))
    time = draw(st.integers(-longest, longest))
    shots = []
    for _ in range(draw(st.integers(1, 40))):
        shots.append(Shot(time, draw(st.integers(2, longest))))
        time += draw(st.one_of(st.integers(0, longest // 30 + 1), st.integers(-3, longest)))
    return shots, time_base, fps


@settings(deadline=None, max_examples=300)
@given(streams())
@example(([Shot(-1, 2), Shot(1, 2), Shot(3, 2)], Fraction(1, 2), Fraction(1)))
@example(([Shot(0, 2)], Fraction(1, 30), Fraction(1)))
def test_choice_should_be_that_of_the_fps_filter(stream: tuple[list[Shot], Fraction, Fraction]) -> None:
    shots, time_base, fps = stream
    indexed = {id(shot): index for index, shot in enumerate(shots)}
    ours = [(choice.tick, indexed[id(choice.picture)]) for choice in choose(shots, time_base, fps)]
    assert ours == by_libavfilter(shots, time_base, fps)


@given(streams(), st.data())
def test_choice_should_go_on_where_it_stopped(
    stream: tuple[list[Shot], Fraction, Fraction], data: st.DataObject
) -> None:
    shots, time_base, fps = stream
    # Two pictures at one time would make "the picture where it stopped" two.
    shots = list({shot.pts: shot for shot in shots}.values())
    whole = list(choose(shots, time_base, fps))
    if not whole:
        return
    stop = data.draw(st.integers(0, len(whole) - 1))
    last = whole[stop]
    rest = choose(shots[shots.index(last.picture) :], time_base, fps, tick=last.tick + 1, before=last.before)
    assert list(rest) == whole[stop + 1 :]


def test_last_picture_should_last_as_long_as_the_one_before_when_the_container_makes_durations_up() -> None:
    shots = [Shot(0, 1), Shot(1000, 1)]
    assert [choice.picture.pts for choice in choose(shots, Fraction(1, 1000), Fraction(2))] == [0, 0, 1000, 1000]


def test_last_picture_should_last_as_usual_when_nothing_else_tells() -> None:
    assert chosen([0], Fraction(1, 1000), Fraction(4), usual=500) == [0, 0]


def test_clips_start_should_be_taken_off_every_time() -> None:
    assert chosen([90, 130, 170], Fraction(1, 100), Fraction(5), start=90) == [90, 90, 130, 130, 170, 170]


def test_choice_should_look_one_picture_ahead_and_no_further() -> None:
    """So extraction holds two pictures in memory, however long the clip."""
    asked = []

    def shots() -> Iterator[Shot]:
        for time in (0, 40, 80, 120):
            asked.append(time)
            yield Shot(time)

    next(choose(shots(), Fraction(1, 1000), Fraction(25)))
    assert asked == [0, 40]
