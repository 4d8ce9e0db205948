"""What `everlabel submit` is made of: clips below a prefix, a definition for each, attributes, the journal."""

from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from everlabel.s3_uri import S3Uri
from everlabel_cli import clip_attributes, clips, definitions
from everlabel_cli.clips import Clip
from everlabel_cli.journal import Journal, NotAJournal, place

CLIP = Clip("drive-7_front", "s3://clips/drive-7/front.mp4")
TRACKED = {"jobName": "VOTVehicle", "inputConfig": {"fps": 1}, "jobLevel": 1}
ADJUSTED = {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, "jobLevel": 2}


class Bucket:
    """As much of an S3 client as listing takes: keys in pages of two."""

    def __init__(self, *keys: str) -> None:
        self.keys = sorted(keys)

    def get_paginator(self, _name: str) -> "Bucket":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803 - S3's own names
        assert Bucket == "clips"
        found = [{"Key": key} for key in self.keys if key.startswith(Prefix)]
        return [{"Contents": found[start : start + 2]} for start in range(0, len(found), 2)] or [{}]


def below(prefix: str, *keys: str, frames: bool = False) -> list[tuple[str, str]]:
    found = clips.below(Bucket(*keys), S3Uri.parse(f"s3://clips/{prefix}"), frames)
    return [(clip.clip_id, clip.uri) for clip in found]


# Clips


def test_videos_below_a_prefix_should_be_clips() -> None:
    keys = ("d/1/front.mp4", "d/1/rear.MOV", "d/2.mkv", "d/notes.txt", "e/3.mp4")
    assert below("d/", *keys) == [
        ("1_front", "s3://clips/d/1/front.mp4"),
        ("1_rear", "s3://clips/d/1/rear.MOV"),
        ("2", "s3://clips/d/2.mkv"),
    ]


def test_a_prefix_may_end_within_a_name() -> None:
    assert below("d/nigh", "d/night-1.mp4", "d/day-1.mp4") == [("night-1", "s3://clips/d/night-1.mp4")]


def test_folders_of_frames_should_be_clips_each_once() -> None:
    keys = ("f/a/1.jpg", "f/a/2.jpg", "f/a/2.json", "f/b/c/1.PNG", "f/readme.md")
    assert below("f/", *keys, frames=True) == [("a", "s3://clips/f/a/"), ("b_c", "s3://clips/f/b/c/")]


@pytest.mark.parametrize(
    ("keys", "frames", "words"),
    [
        (("d/notes.txt",), False, "no video .*--frames"),
        (("d/1.mp4",), True, "no folder with frames"),
        (("d/a/b.mp4", "d/a_b.mp4"), False, "s3://clips/d/a/b.mp4 and s3://clips/d/a_b.mp4 .* 'a_b'"),
        (("d/a.mp4", "d/a.mov"), False, "'a'"),
    ],
)
def test_what_cannot_be_told_apart_should_be_refused(keys: tuple[str, ...], frames: bool, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        below("d/", *keys, frames=frames)


@given(st.text(min_size=1, max_size=300))
def test_every_path_should_make_an_id_that_the_api_takes(path: str) -> None:
    import re

    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", clips.clip_id(path))


# Definitions


def test_a_job_without_a_clip_should_get_it_and_a_chained_one_not() -> None:
    given_for_all = {"labelingJobs": [TRACKED, ADJUSTED]}
    made = definitions.for_clip(given_for_all, CLIP, {})
    assert made == {
        "labelingJobs": [{**TRACKED, "inputConfig": {"fps": 1, "clipS3Uri": CLIP.uri}}, ADJUSTED],
        "clipId": CLIP.clip_id,
    }
    assert given_for_all == {"labelingJobs": [TRACKED, ADJUSTED]}
    assert "clipS3Uri" not in TRACKED["inputConfig"]  # type: ignore[operator]


def test_placeholders_should_be_filled_wherever_they_are() -> None:
    job = {**TRACKED, "inputConfig": {"fps": 1, "clipS3Uri": "{clipS3Uri}"}}
    made = definitions.for_clip(
        {"labelingJobs": [job], "clipId": "night-{clipId}", "attributes": {"clip": {"source": "{clipS3Uri}"}}}, CLIP, {}
    )
    assert made["labelingJobs"][0]["inputConfig"]["clipS3Uri"] == CLIP.uri
    assert (made["clipId"], made["attributes"]["clip"]["source"]) == ("night-drive-7_front", CLIP.uri)


def test_attributes_of_the_clip_should_go_before_those_for_all() -> None:
    given_for_all = {"labelingJobs": [TRACKED], "attributes": {"drive": {"city": "Turin", "rain": False}}}
    made = definitions.for_clip(given_for_all, CLIP, {"drive": {"rain": True}, "clip": {"scene": "street"}})
    assert made["attributes"] == {"clip": {"scene": "street"}, "drive": {"city": "Turin", "rain": True}}


@pytest.mark.parametrize(
    ("given_for_all", "words"),
    [
        ({}, "labelingJobs must be a list"),
        ({"labelingJobs": []}, "labelingJobs must be a list"),
        ({"labelingJobs": ["VOTVehicle"]}, "labelingJobs must be a list"),
        ({"labelingJobs": [{"inputConfig": 1}]}, "inputConfig must be a mapping"),
        ({"labelingJobs": [TRACKED], "attributes": {"drive": 1}}, "attributes must be like"),
        ({"labelingJobs": [{**TRACKED, "inputConfig": {"clipS3Uri": "s3://a/b", "fps": 1}}]}, "'s3://a/b' for all"),
        ({"labelingJobs": [ADJUSTED]}, "no labeling job gets a clip"),
    ],
)
def test_a_definition_that_is_wrong_for_every_clip_should_be_refused_once(
    given_for_all: dict[str, Any], words: str
) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        definitions.refuse_unusable(given_for_all)


# Attributes


def table(folder: Path, text: str) -> Path:
    path = folder / "attributes.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_attributes_should_be_read_with_their_types(tmp_path: Path) -> None:
    text = (
        '\ufeffclipId,drive.city,clip.speed,clip.rain,clip.code\na,Turin,12.5,true,007\n\nb,"Åre, north",3,,"""7"""\n'
    )
    assert clip_attributes.read(table(tmp_path, text)) == {
        "a": {"drive": {"city": "Turin"}, "clip": {"speed": 12.5, "rain": True, "code": "007"}},
        "b": {"drive": {"city": "Åre, north"}, "clip": {"speed": 3, "code": "7"}},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the first line must name clipId"),
        ("drive.city\nTurin\n", "the first line must name clipId"),
        ("clipId,city\na,Turin\n", "'city' is neither"),
        ("clipId,clip.a,clip.a\n", "each once"),
        ("clipId,clip.a\na,1\nb\n", "line 3: has 1 cells; 2 columns"),
        ("clipId,clip.a\na,1\na,2\n", "line 3: clipId 'a' is there twice"),
        ("clipId,clip.a\n,1\n", "line 2: clipId '' is empty"),
        ('clipId,clip.a\na,"b"c\n', "is not CSV"),
    ],
)
def test_a_table_that_cannot_be_meant_should_be_refused_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        clip_attributes.read(table(tmp_path, text))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "null", "[1]", "{}"])
def test_what_no_attribute_can_be_should_stay_text(tmp_path: Path, word: str) -> None:
    assert clip_attributes.read(table(tmp_path, f"clipId,clip.a\nx,{word}\n")) == {"x": {"clip": {"a": word}}}


# The journal


def test_a_journal_should_know_what_was_accepted_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "there" / "journal.jsonl"
    with Journal(path) as journal:
        journal.accepted({"clipId": "a", "labelingJobs": []}, "task-a")
    again = Journal(path)
    assert again.task_of({"labelingJobs": [], "clipId": "a"}) == "task-a"
    assert again.task_of({"labelingJobs": [], "clipId": "b"}) is None


def test_a_line_that_was_cut_off_should_be_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.accepted({"clipId": "a"}, "task-a")
        journal.accepted({"clipId": "b"}, "task-b")
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with Journal(path) as journal:
        assert journal.task_of({"clipId": "b"}) is None
        journal.accepted({"clipId": "b"}, "task-b")
    assert path.read_bytes() == whole


@pytest.mark.parametrize("text", ["clipId,drive.city\n", '{"definition": 1}\n', "[]\n"])
def test_another_file_should_not_be_taken_for_a_journal(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(text)
    with pytest.raises(NotAJournal, match="is no journal"):
        Journal(path)
    assert path.read_text() == text


def test_a_stack_that_is_made_anew_should_have_a_journal_of_its_own(tmp_path: Path) -> None:
    places = {
        place(tmp_path, stack, prefix)
        for stack in ("arn:aws:cloudformation:us-east-1:1:stack/everlabel/1", "…/everlabel/2")
        for prefix in ("s3://clips/a/", "s3://clips/b/")
    }
    assert len(places) == 4
