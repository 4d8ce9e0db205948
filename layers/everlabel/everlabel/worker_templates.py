"""Worker templates of the image task types, for users who bring none of their own.

Ground Truth's image tasks have no interface ARN; their page is a Liquid template of crowd elements:
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-ui-template-reference.html
"""

_PAGE = """<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
{element}
</crowd-form>
"""

_LABELS = "{{ task.input.labels | to_json | escape }}"
_IMAGE = "{{ task.input.taskObject | grant_read_access }}"


def _element(tag: str, header: str, *, initial: str = "", verdict: bool = False) -> str:
    labels = "['good', 'bad']" if verdict else _LABELS
    return f"""  <{tag} name="annotatedResult" src="{_IMAGE}" header="{header}" labels="{labels}"{initial}>
    <full-instructions header="Instructions">{header}.</full-instructions>
    <short-instructions>{header}.</short-instructions>
  </{tag}>"""


_INITIAL_BOXES = ' initial-value="{{ task.input.initialValue | to_json | escape }}"'
_INITIAL_MASK = " initial-value=\"{ 'src': '{{ task.input.initialValue | grant_read_access }}' }\""

_ELEMENTS = {
    "BoundingBox": _element("crowd-bounding-box", "Draw a box around every object"),
    "AdjustmentBoundingBox": _element("crowd-bounding-box", "Correct the boxes", initial=_INITIAL_BOXES),
    "VerificationBoundingBox": _element("crowd-image-classifier", "Judge the boxes", verdict=True),
    "SemanticSegmentation": _element("crowd-semantic-segmentation", "Paint every object"),
    "AdjustmentSemanticSegmentation": _element(
        "crowd-semantic-segmentation", "Correct the masks", initial=_INITIAL_MASK
    ),
    "VerificationSemanticSegmentation": _element("crowd-image-classifier", "Judge the masks", verdict=True),
    "ImageMultiClass": _element("crowd-image-classifier", "Choose the class of the picture"),
}


def worker_template(task_type: str) -> str:
    """The page of an image task type. Raises KeyError for a video task type, which brings its own interface."""
    return _PAGE.format(element=_ELEMENTS[task_type])
