"""Whatever a document says, there are pictures of it."""

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings

from everlabel.annotation_document import AnnotationDocument, Frame
from everlabel_cli.rendering import plot_files
from everlabel_cli.rendering.class_styles import class_styles
from everlabel_cli.rendering.plots import plots
from everlabel_cli.rendering.sheet import contact_sheet
from everlabel_cli.rendering.video import overlay_video
from tests.documents import documents, picture
from tests.rendering import scene

_FRAME = Frame(0, "", "", 1.0, 0.0, None, None)
# A plot takes a tenth of a second.
_FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(uri: str) -> bytes:
    """Every frame is there; masks are not."""
    if "/masks/" in uri:
        raise FileNotFoundError(uri)
    return picture(_FRAME)


@_FEW
@given(documents())
def test_it_should_have_a_sheet_and_a_video(tmp_path: Path, document: AnnotationDocument) -> None:
    path = tmp_path / "v.mp4"

    assert scene.opened(contact_sheet(document, read, tile_width=120)).size
    assert overlay_video(document, read, path) == sorted({frame.time for frame in document.frames})
    assert path.stat().st_size


@_FEW
@given(documents())
def test_its_plots_should_be_readable(document: AnnotationDocument) -> None:
    for plot in plots([document], class_styles([document])):
        assert ElementTree.fromstring(plot_files.inline_svg(plot)).tag.endswith("svg")  # noqa: S314 # our own
