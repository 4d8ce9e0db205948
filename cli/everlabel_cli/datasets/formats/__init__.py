"""The formats that datasets are exported to."""

import typer

from everlabel_cli.datasets.export import Format
from everlabel_cli.datasets.formats import (
    bdd100k,
    coco,
    cvat,
    datumaro,
    groundtruth,
    kitti,
    mot,
    openlabel,
    voc,
    yolo,
)

FORMATS = {
    form.name: form
    for form in [
        bdd100k.FORMAT,
        coco.DETECTION,
        coco.KEYPOINTS,
        cvat.FORMAT,
        coco.FIFTYONE,
        groundtruth.FORMAT,
        kitti.FORMAT,
        mot.FORMAT,
        openlabel.FORMAT,
        voc.FORMAT,
        yolo.FORMAT,
    ]
}


def find_format(name: str) -> Format:
    """A format by its name; `datumaro:<name>` is one of Datumaro's own.

    Raises:
        typer.BadParameter: if there is none of that name.
    """
    if name.startswith(datumaro.PREFIX):
        return datumaro.find_format(name)
    if name not in FORMATS:
        raise typer.BadParameter(
            f"{name!r}; expected {', '.join(FORMATS)}, or {datumaro.PREFIX}… with the package datumaro",
            param_hint="--format",
        )
    return FORMATS[name]
