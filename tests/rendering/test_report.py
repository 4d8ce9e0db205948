"""The report as a text: all there, and nothing from outside is markup. How it looks is seen in tests/browser."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from everlabel.annotation_document import AnnotationDocument, Classification, Unlabeled
from everlabel_cli.rendering.report import MOST_FRAMES, Video, dataset_report, task_report
from tests.rendering import scene
from tests.rendering.scene import box, document, label

HOSTILE = "\"><script>x()</script><img src=y onerror='z()'>{{ 7 * 7 }}"
VIDEO = Video.embedded(b"video", [0.0, 0.5])


def hostile_document() -> AnnotationDocument:
    """Every text is what somebody sent."""
    made = document(
        [label(HOSTILE, box(9, 9, 50, 50), 0, "1", HOSTILE, {HOSTILE: HOSTILE})], 2, clip_id=HOSTILE, task_id=HOSTILE
    )
    return replace(
        made,
        clip_uri=HOSTILE, created_at=HOSTILE, completed_at=HOSTILE, taxonomy=HOSTILE,
        frames=tuple(replace(frame, name=HOSTILE, attributes={HOSTILE: [HOSTILE]}) for frame in made.frames),
        labeling_jobs=tuple(replace(job, job_name=HOSTILE, task_type=HOSTILE) for job in made.labeling_jobs),
        classifications=(Classification(0, HOSTILE, 1, HOSTILE),),
        unlabeled=(Unlabeled(HOSTILE, 1, 0, HOSTILE, HOSTILE),),
        attributes={HOSTILE: {HOSTILE: HOSTILE}},
    )  # fmt: skip


class Page(HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def policy(page: Page) -> str:
    """What the page lets a browser load and run."""
    (said,) = (meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert said is not None
    return said


@pytest.mark.parametrize("several", [False, True])
def test_no_text_from_outside_should_become_markup(several: bool) -> None:
    made = hostile_document()
    text = dataset_report(HOSTILE, [made, made], scene.read) if several else task_report(made, scene.read)

    page = Page(text)
    assert page.all("script") == []
    assert all((image["src"] or "").startswith("data:image/webp;base64,") for image in page.all("img"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.texts.count(HOSTILE) > 8


def test_a_page_should_load_nothing_from_elsewhere() -> None:
    text = task_report(hostile_document(), scene.read, video=VIDEO)

    page = Page(text)
    addresses = [
        value for _, attributes in page.elements for name in ("src", "href") if (value := attributes.get(name))
    ]
    assert {address.partition(":")[0] for address in addresses} <= {"data", "#video"}
    assert page.all("link") == []
    assert "@import" not in text


def test_only_our_script_should_be_allowed_to_run() -> None:
    text = task_report(hostile_document(), scene.read, video=VIDEO)

    allowed = policy(Page(text))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in allowed
    assert "default-src 'none'" in allowed


def test_a_page_without_a_video_should_have_no_script() -> None:
    page = Page(task_report(document([]), scene.read))

    assert page.all("script") == []
    assert "script-src 'none'" in policy(page)


def test_every_frame_should_say_what_is_on_it() -> None:
    made = document(
        [label("car", box(9, 9, 50, 50)), label("car", box(99, 9, 50, 50)), label("bus", box(9, 90, 50, 50))], 2
    )

    alternatives = [image["alt"] for image in Page(task_report(made, scene.read)).all("img")]
    assert alternatives == ["Frame 000000.jpg at 0.00 s: 1 bus, 2 car", "Frame 000001.jpg at 1.00 s: no labels"]


def test_of_a_long_clip_some_frames_should_be_shown() -> None:
    page = Page(task_report(document([], frames=100), scene.read))

    assert len(page.all("img")) == MOST_FRAMES
    assert f"{MOST_FRAMES} of 100 frames." in page.texts


def test_a_dataset_should_show_the_busiest_frame_of_each_task() -> None:
    made = document([label("car", box(9, 9, 50, 50), 1)], frames=3)

    page = Page(dataset_report("streets", [made, replace(made, task_id="b", clip_id="alley")], scene.read))

    assert [image["alt"] for image in page.all("img")] == ["Frame 000001.jpg at 1.00 s: 1 car"] * 2
    assert {"street", "alley", "streets"} <= set(page.texts)


def test_what_is_not_labeled_should_be_told_with_its_reason() -> None:
    made = replace(document([]), unlabeled=(Unlabeled("VOTVehicle", 1, 3, "failed", "the time limit"),))

    texts = Page(task_report(made, scene.read)).texts
    assert "Data objects without a label" in texts
    assert "the time limit" in texts


def test_a_task_without_anything_should_have_a_report() -> None:
    assert "There are no frames." in Page(task_report(document([], frames=0), scene.read)).texts
    assert "There are no frames." in Page(dataset_report("none", [], scene.read)).texts


def test_a_report_should_be_the_same_each_time() -> None:
    made = hostile_document()

    assert task_report(made, scene.read, video=VIDEO) == task_report(made, scene.read, video=VIDEO)
