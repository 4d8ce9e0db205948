"""AnnotationTasksApi: takes annotation tasks in, shows how far they are, stops and retries them."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import aws, definition, job_table, listing, progress, task_table, tasks, taxonomies
from everlabel.api import problems
from everlabel.api.annotation_tasks import (
    AnnotationTask,
    AnnotationTaskDefinition,
    AnnotationTaskList,
    Execution,
    execution_of,
    row_of,
    view_of,
)
from everlabel.definition import Fault
from everlabel.task_table import TaskStatus

logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)

# DynamoDB takes no key of more than 2,048 bytes; no id of ours comes near.
TaskId = Annotated[str, Path(max_length=100)]


def _faults(body: Any) -> list[Fault]:
    jobs = job_table.find_all(definition.job_names(body))
    return definition.faults(body, jobs, aws.setting("CLIP_BUCKETS").split(",")) + taxonomies.faults(body)


def _query_faults(event: APIGatewayProxyEventV2) -> list[Fault]:
    return problems.unknown_parameters(event, "status", "maxResults", "nextToken")


problems.handle(
    app,
    logger,
    {
        "POST /annotation-tasks": lambda event: _faults(problems.read_body(event)),
        "GET /annotation-tasks": _query_faults,
    },
)


def _answer(status: HTTPStatus, task: task_table.Task) -> Response[Execution]:
    return Response(status_code=int(status), content_type="application/json", body=execution_of(task))


@app.post(
    "/annotation-tasks",
    status_code=202,
    summary="Label a clip",
    tags=["Annotation tasks"],
    responses=problems.answers(
        Execution, HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    ),
)
def create_annotation_task(body: Annotated[AnnotationTaskDefinition, Body()]) -> Response[Execution]:
    """Takes a clip through the labeling jobs, level after level. The same clip and jobs again give the same task."""
    given = body.model_dump(exclude_none=True, exclude_unset=True)
    found = _faults(given)
    if found:
        raise problems.faulty(found)
    task, is_new = tasks.create(given)
    logger.info("taken in" if is_new else "known already", extra={"task_id": task.task_id})
    return _answer(HTTPStatus.ACCEPTED if is_new else HTTPStatus.OK, task)


@app.get(
    "/annotation-tasks",
    summary="List annotation tasks",
    tags=["Annotation tasks"],
    responses=problems.answers(AnnotationTaskList, HTTPStatus.OK, HTTPStatus.BAD_REQUEST),
)
def list_annotation_tasks(
    status: Annotated[TaskStatus | None, Query()] = None,
    maxResults: Annotated[int, Query(ge=1, le=100)] = 100,  # noqa: N803
    nextToken: Annotated[str | None, Query(max_length=2_000)] = None,  # noqa: N803
) -> Response[AnnotationTaskList]:
    """Lists tasks of one status, oldest first, or of all."""
    unknown = _query_faults(app.current_event)
    if unknown:
        raise problems.faulty(unknown)
    try:
        page = listing.tasks(status, maxResults, nextToken)
    except listing.NotAToken as error:
        raise problems.faulty([Fault("query.nextToken", str(error))]) from None
    rows = AnnotationTaskList(annotationTasks=[row_of(task) for task in page.tasks], nextToken=page.next_token)
    return Response(status_code=200, content_type="application/json", body=rows)


@app.get(
    "/annotation-tasks/<taskId>",
    summary="Show an annotation task",
    tags=["Annotation tasks"],
    responses=problems.answers(AnnotationTask, HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND),
)
def describe_annotation_task(taskId: TaskId) -> AnnotationTask:  # noqa: N803
    """Shows how far a task is, per level and labeling job."""
    task = task_table.find_task(taskId)
    return view_of(task, progress.of(taskId))


@app.post(
    "/annotation-tasks/<taskId>/stop",
    status_code=202,
    summary="Stop a task",
    tags=["Annotation tasks"],
    responses=problems.answers(
        Execution, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
    ),
)
def stop_annotation_task(taskId: TaskId) -> Response[Execution]:  # noqa: N803
    """Stops a task for good. Labels that come later are kept as surplus."""
    try:
        return _answer(HTTPStatus.ACCEPTED, tasks.stop(task_table.find_task(taskId)))
    except tasks.WrongStatus as error:
        raise problems.Refused(HTTPStatus.CONFLICT, str(error)) from None


@app.post(
    "/annotation-tasks/<taskId>/retry",
    status_code=202,
    summary="Retry a task",
    tags=["Annotation tasks"],
    responses=problems.answers(
        Execution, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
    ),
)
def retry_annotation_task(taskId: TaskId) -> Response[Execution]:  # noqa: N803
    """Goes on from where a failed task stood; labels that were accepted stay."""
    try:
        return _answer(HTTPStatus.ACCEPTED, tasks.retry(task_table.find_task(taskId)))
    except tasks.WrongStatus as error:
        raise problems.Refused(HTTPStatus.CONFLICT, str(error)) from None


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes an HTTP API event (payload 2.0) and returns its response."""
    return problems.unreadable(event, "POST /annotation-tasks") or app.resolve(event, context)
