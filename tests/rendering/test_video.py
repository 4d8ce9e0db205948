"""The overlay video is decoded again and looked at."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from everlabel.errors import ClipRefused
from everlabel_cli.rendering.class_styles import PALETTE
from everlabel_cli.rendering.video import overlay_video
from tests import clips
from tests.rendering import scene
from tests.rendering.scene import GROUND, HEIGHT, WIDTH, box, document, label


class Decoded(NamedTuple):
    pictures: list[NDArray[np.uint8]]
    times: list[float]
    seconds: float
    codec: str
    pixels: str


def decoded(path: Path) -> Decoded:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert stream.duration is not None
        assert stream.time_base is not None
        return Decoded(
            [np.asarray(frame.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709)) for frame in frames],
            [float(frame.time or 0) for frame in frames],
            float(stream.duration * stream.time_base),
            stream.codec_context.name,
            str(stream.codec_context.pix_fmt),
        )


def shown(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame's part of a picture; legend and time are above it."""
    return picture[-HEIGHT:]


def is_near(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Colours lose a little on their way through 4:2:0."""
    return np.asarray(np.abs(picture.astype(int) - colour).max(axis=-1) < 24, np.bool_)


def test_each_frame_should_be_shown_until_the_next(tmp_path: Path) -> None:
    times = overlay_video(document([], frames=5, fps=2.0), scene.read, tmp_path / "v.mp4")

    video = decoded(tmp_path / "v.mp4")
    assert times == video.times == [0, 0.5, 1, 1.5, 2]
    assert video.seconds == pytest.approx(2.5)


def test_a_single_frame_should_be_shown_for_as_long_as_its_rate_says(tmp_path: Path) -> None:
    overlay_video(document([], frames=1, fps=0.5), scene.read, tmp_path / "v.mp4")

    assert decoded(tmp_path / "v.mp4").seconds == pytest.approx(2.0)


def test_browsers_should_be_able_to_play_it(tmp_path: Path) -> None:
    overlay_video(document([], frames=2), scene.read, tmp_path / "v.mp4")

    video = decoded(tmp_path / "v.mp4")
    body = (tmp_path / "v.mp4").read_bytes()
    assert (video.codec, video.pixels) == ("h264", "yuv420p")
    assert body.index(b"moov") < body.index(b"mdat")


def test_labels_should_be_where_they_were_made_in_their_classes_colour(tmp_path: Path) -> None:
    made = [label("car", box(40 + 60 * i, 80, 50, 40), i, "1") for i in range(3)]
    overlay_video(document(made, frames=3), scene.read, tmp_path / "v.mp4")

    for i, picture in enumerate(decoded(tmp_path / "v.mp4").pictures):
        columns = np.nonzero(is_near(shown(picture)[84:116, :], PALETTE[0]).mean(axis=0) > 0.9)[0]
        assert columns.min() == pytest.approx(40 + 60 * i, abs=2)
        assert columns.max() == pytest.approx(90 + 60 * i, abs=2)
        assert is_near(shown(picture)[20:60, 20:300], GROUND).all()


def test_the_legend_should_be_above_the_picture(tmp_path: Path) -> None:
    made = [label(name, box(40, 80, 50, 40)) for name in ("bus", "car")]
    overlay_video(document(made), scene.read, tmp_path / "v.mp4")

    (picture,) = decoded(tmp_path / "v.mp4").pictures
    assert picture.shape[0] > HEIGHT
    for colour in PALETTE[:2]:
        assert is_near(picture[:-HEIGHT], colour).any()
    assert not is_near(picture[:-HEIGHT], PALETTE[2]).any()


@pytest.mark.parametrize("size", [(321, 181), (64, 400), (2, 2)])
def test_frames_of_any_size_should_fit(tmp_path: Path, size: tuple[int, int]) -> None:
    overlay_video(document([]), lambda _: scene.picture(size), tmp_path / "v.mp4")

    (picture,) = decoded(tmp_path / "v.mp4").pictures
    assert picture.shape[1] == pytest.approx(size[0], abs=1)
    assert is_near(picture[-size[1] + 1 :, : size[0] - 1], GROUND).mean() > 0.6


def test_large_frames_should_be_made_smaller(tmp_path: Path) -> None:
    overlay_video(document([]), scene.read, tmp_path / "v.mp4", max_width=100)

    assert decoded(tmp_path / "v.mp4").pictures[0].shape[1] == 100


def test_frames_of_another_shape_should_get_margins(tmp_path: Path) -> None:
    def read(uri: str) -> bytes:
        return scene.picture((WIDTH, HEIGHT) if uri.endswith("0.jpg") else (90, HEIGHT))

    overlay_video(document([], frames=2), read, tmp_path / "v.mp4")

    ground = is_near(shown(decoded(tmp_path / "v.mp4").pictures[1]), GROUND).mean(axis=0) > 0.9
    assert ground.sum() == pytest.approx(90, abs=4)


def test_a_frame_that_cannot_be_read_should_be_an_empty_picture(tmp_path: Path) -> None:
    def read(uri: str) -> bytes:
        if uri.endswith("1.jpg"):
            raise FileNotFoundError(uri)
        return scene.read(uri)

    overlay_video(document([], frames=3), read, tmp_path / "v.mp4")

    whole = [is_near(shown(picture), GROUND).all() for picture in decoded(tmp_path / "v.mp4").pictures]
    assert whole == [True, False, True]


def test_over_the_clip_every_picture_should_be_shown_with_labels_moving_along(tmp_path: Path) -> None:
    clip = clips.make(
        tmp_path / "clip.mp4", clips.every(Fraction(1, 10), 21), size=(WIDTH, HEIGHT), options={"crf": "0"}
    )
    made = [label("car", box(20 + 60 * i, 80, 50, 40), i, "1") for i in range(3)]

    made_video = tmp_path / "v.mp4"
    times = overlay_video(document(made, frames=3), lambda _: clip.read_bytes(), made_video, over_clip=True)

    video = decoded(tmp_path / "v.mp4")
    assert len(times) == len(video.pictures) == 20  # the file does not say how long the last of its 21 stays
    assert video.times == pytest.approx([i / 10 for i in range(20)], abs=1e-3)
    assert video.seconds == pytest.approx(2.0, abs=1e-3)
    overlay_video(document([], frames=3), lambda _: clip.read_bytes(), tmp_path / "plain.mp4", over_clip=True)
    plain = decoded(tmp_path / "plain.mp4")
    for i in (0, 5, 10, 17):
        difference = np.abs(shown(video.pictures[i])[90:110].astype(int) - shown(plain.pictures[i])[90:110]).max(
            axis=-1
        )
        columns = np.nonzero(np.median(difference, axis=0) > 40)[0]
        assert columns.min() == pytest.approx(20 + 6 * i, abs=3)
        assert columns.max() == pytest.approx(70 + 6 * i, abs=3)


def test_progress_should_rise_to_the_end(tmp_path: Path) -> None:
    told: list[float] = []

    overlay_video(document([], frames=4), scene.read, tmp_path / "v.mp4", progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1


def test_what_fails_should_leave_the_earlier_video(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"earlier")

    with pytest.raises(ClipRefused):
        overlay_video(document([]), lambda _: b"no video", tmp_path / "v.mp4", over_clip=True)

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("v.mp4", b"earlier")]


def test_a_task_without_frames_should_be_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="task-1 has no frames"):
        overlay_video(document([], frames=0), scene.read, tmp_path / "v.mp4")
