"""What a person sees of a report, in a real browser."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_selenium_python import Axe  # type: ignore[import-untyped]
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from everlabel.annotation_document import AnnotationDocument, Change, Classification, Unlabeled
from everlabel_cli.rendering.report import Video, dataset_report, task_report
from everlabel_cli.rendering.video import overlay_video
from tests.rendering import scene
from tests.rendering.scene import box, document, label

HOSTILE = """<img src=x onerror="window.wasRun = 1"></title><script>window.wasRun = 1</script>'\"&amp;{{ 7 * 7 }}$x$"""
WIDTHS = (400, 1400)
THEMES = ("light", "dark")


def busy_document() -> AnnotationDocument:
    """Everything that a report can show, and names that nobody should have."""
    names = [HOSTILE, "横断歩道 crosswalk", "a" * 300, *(f"class {i}" for i in range(12))]
    labels = [
        label(
            name, box(8 * i, 20 + 5 * i + 3 * frame, 40, 30), frame, str(i),
            attributes={HOSTILE: HOSTILE, "is_front": i % 2 == 0},
        )
        for frame in range(6)
        for i, name in enumerate(names)
        if (frame + i) % 4
    ]  # fmt: skip
    made = document(labels, frames=6, fps=2.0, clip_id=HOSTILE, task_id=HOSTILE)
    return replace(
        made,
        labels=tuple(replace(found, change=list(Change)[found.frame % 3], level=2) for found in made.labels),
        frames=tuple(replace(frame, attributes={"weather": HOSTILE}) for frame in made.frames),
        attributes={"drive": {"route": HOSTILE}, "clip": {"scene": "city street"}},
        classifications=(Classification(0, "Scene", 1, HOSTILE),),
        unlabeled=(Unlabeled("VOTVehicle", 1, 3, "failed", HOSTILE * 5),),
        taxonomy="lava/1",
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports, as files."""
    folder = tmp_path_factory.mktemp("reports")
    made = busy_document()
    beside = folder / "a video's file.mp4"
    times = overlay_video(made, scene.read, beside)
    written = {
        "embedded": task_report(made, scene.read, video=Video.embedded(beside.read_bytes(), times)),
        "linked": task_report(made, scene.read, video=Video.beside(beside, times)),
        "still": task_report(made, scene.read),
        "empty": task_report(document([], frames=0), scene.read),
        "dataset": dataset_report(
            HOSTILE, [replace(made, task_id=str(i), clip_id=f"clip {i}") for i in range(5)], scene.read
        ),
    }
    for name, text in written.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in written}


ALL = ("embedded", "linked", "still", "empty", "dataset")


@pytest.fixture(params=ALL)
def page(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Path:
    return pages[request.param]


@pytest.fixture(autouse=True)
def _everything_is_quiet(browser: Chrome) -> Iterator[None]:
    """Whatever a test does, the browser complains of nothing, and nothing from outside has run."""
    browser.get_log("browser")  # type: ignore[no-untyped-call] # of the test before
    yield
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert browser.execute_script("return window.wasRun") is None


def look(browser: Chrome, path: Path, width: int = 1400, theme: str = "light") -> None:
    """Opens a page in a window so wide, and waits until it is all there: under load chromedriver's `get` has been
    seen to come back while the document was loading, before the page's own script had run.
    """
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")  # so that the address tells the new page from the one before
    browser.get(path.as_uri())
    loaded = f"return location.href === {json.dumps(path.as_uri())} && document.readyState === 'complete'"
    WebDriverWait(browser, browser.timeouts.script).until(lambda _: browser.execute_script(loaded))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_should_have_to_be_scrolled_sideways(browser: Chrome, page: Path, width: int) -> None:
    look(browser, page, width)
    browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    assert browser.execute_script("return window.innerWidth") == width
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("name", "width", "theme"),
    [("embedded", 400, "light"), ("embedded", 1400, "dark"), ("dataset", 1400, "light"), ("empty", 400, "dark")],
)
def test_everybody_should_be_able_to_read_it(
    browser: Chrome, pages: dict[str, Path], name: str, width: int, theme: str
) -> None:
    """By axe-core: contrast, alternative texts, headings, names of controls, what the keyboard reaches."""
    look(browser, pages[name], width, theme)
    browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    axe = Axe(browser)
    axe.inject()

    found: dict[str, Any] = axe.run()

    told = [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found["violations"]]
    assert told == []
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}


@pytest.mark.parametrize("theme", THEMES)
def test_letters_of_plots_should_have_the_pages_colour(browser: Chrome, pages: dict[str, Path], theme: str) -> None:
    look(browser, pages["still"], theme=theme)
    colours = browser.execute_script("""
        const of = (element, name) => getComputedStyle(element)[name];
        const letters = [...document.querySelectorAll(".plot text")];
        return [of(document.body, "color"), ...letters.map((one) => of(one, "fill"))];
    """)

    assert len(colours) > 20
    assert len(set(colours)) == 1


def test_every_picture_should_be_there(browser: Chrome, page: Path) -> None:
    look(browser, page)
    browser.execute_async_script(
        "const done = arguments[0]; Promise.all([...document.images].map((one) => one.decode())).then(done, done);"
    )

    sizes = browser.execute_script("return [...document.images].map((one) => [one.naturalWidth, one.alt])")
    assert all(width > 0 and alt for width, alt in sizes)
    assert len(sizes) == {"empty": 0, "dataset": 5}.get(page.stem, 6)


def test_a_frame_should_look_as_it_was_drawn(browser: Chrome, pages: dict[str, Path]) -> None:
    look(browser, pages["still"])
    colours = browser.execute_async_script("""
        const done = arguments[0], image = document.images[0];
        image.decode().then(() => {
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), drawn = canvas.getContext("2d");
          drawn.drawImage(image, 0, 0);
          done([...drawn.getImageData(canvas.width - 20, canvas.height - 20, 1, 1).data]);
        });
    """)

    assert colours[:3] == pytest.approx(scene.GROUND, abs=6)


@pytest.mark.parametrize("name", ["embedded", "linked"])
def test_the_video_should_play_and_stop_at_each_picture(browser: Chrome, pages: dict[str, Path], name: str) -> None:
    look(browser, pages[name])
    played = browser.execute_async_script("""
        const done = arguments[0], video = document.getElementById("video");
        video.onended = () => done([video.duration, video.videoWidth, video.videoHeight, video.currentTime]);
        video.onerror = () => done(video.error.message);
        video.playbackRate = 8;
        video.play().catch((error) => done(String(error)));
    """)
    assert played[0] == pytest.approx(3.0)
    assert played[1] == scene.WIDTH
    assert played[2] > scene.HEIGHT
    assert played[3] == pytest.approx(3.0)

    assert [_stepped(browser, step) for step in (-1, -1, 1)] == pytest.approx([2.0, 1.5, 2.0], abs=0.01)
    assert browser.find_element(By.ID, "place").text == "5 of 6, 2.00 s"


def test_a_frames_time_should_lead_to_its_place_in_the_video(browser: Chrome, pages: dict[str, Path]) -> None:
    look(browser, pages["embedded"])
    time = browser.execute_async_script("""
        const done = arguments[0], video = document.getElementById("video");
        video.onseeked = () => done(video.currentTime);
        document.querySelectorAll("[data-seconds]")[3].click();
    """)

    assert time == pytest.approx(1.5, abs=0.01)


def _stepped(browser: Chrome, step: int) -> float:
    return float(
        browser.execute_async_script(
            """
            const [step, done] = arguments, video = document.getElementById("video");
            video.onseeked = () => done(video.currentTime);
            document.querySelector(`[data-step="${step}"]`).click();
            """,
            step,
        )
    )


def test_names_from_outside_should_be_read_as_they_are(browser: Chrome, pages: dict[str, Path]) -> None:
    look(browser, pages["still"])

    assert browser.find_element(By.TAG_NAME, "h1").text == " ".join(HOSTILE.split())
    assert HOSTILE[:23] in browser.find_element(By.CSS_SELECTOR, ".legend").text
    assert HOSTILE[:23] in browser.execute_script("return document.querySelector('.plot svg').textContent")
    assert browser.execute_script("return document.scripts.length") == 0


def test_it_should_read_without_scripts(browser: Chrome, pages: dict[str, Path]) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        look(browser, pages["embedded"])
        assert browser.find_element(By.ID, "video").is_displayed()
        assert not browser.find_element(By.CSS_SELECTOR, ".steps").is_displayed()
        assert len(browser.find_elements(By.CSS_SELECTOR, ".plot svg")) > 4
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        browser.get("about:blank")


def test_it_should_print_dark_on_white_in_any_theme(browser: Chrome, pages: dict[str, Path]) -> None:
    look(browser, pages["embedded"], theme="dark")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    seen = browser.execute_script("""
        const style = getComputedStyle(document.body);
        return [style.color, style.backgroundColor, document.getElementById("video").checkVisibility()];
    """)
    paper = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})

    assert seen == ["rgb(0, 0, 0)", "rgb(255, 255, 255)", False]
    assert paper.startswith(b"%PDF")
