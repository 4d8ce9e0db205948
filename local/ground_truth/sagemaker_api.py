"""The labeling-job calls of SageMaker, for any client of moto's server: moto has none of them.

Source: SageMaker API reference (CreateLabelingJob, DescribeLabelingJob, ListLabelingJobs, ListLabelingJobsForWorkteam,
StopLabelingJob). Errors have AWS's names.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.responses import SageMakerResponse

from local.ground_truth.description import description, reference_code, summary
from local.ground_truth.record import Record
from local.ground_truth.requests import RequestRefused, check_operation
from local.ground_truth.service import GroundTruth

_PAGE = 100  # the most, and here the default, of MaxResults


@contextmanager
def install(service: GroundTruth) -> Iterator[None]:
    """Let moto's SageMaker answer labeling-job calls from `service`; afterwards it has none of them again."""
    calls: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any] | None]] = {
        "CreateLabelingJob": lambda request: {"LabelingJobArn": service.create(request).arn},
        "DescribeLabelingJob": lambda request: description(service.record(request["LabelingJobName"])),
        "StopLabelingJob": lambda request: service.stop(request["LabelingJobName"]),
        "ListLabelingJobs": lambda request: _list(service, request),
        "ListLabelingJobsForWorkteam": lambda request: _list_for_workteam(service, request),
    }
    names = {operation: _method_name(operation) for operation in calls}
    for operation, name in names.items():
        if hasattr(SageMakerResponse, name):
            raise RuntimeError(f"moto answers {operation} now, or another stand-in is installed")
        setattr(SageMakerResponse, name, _method(operation, calls[operation]))
    try:
        yield
    finally:
        for name in names.values():
            delattr(SageMakerResponse, name)


def _method(
    operation: str, call: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
) -> Callable[[SageMakerResponse], ActionResult]:
    def answer(response: SageMakerResponse) -> ActionResult:
        request = json.loads(response.body or "{}")
        try:
            check_operation(operation, request)
            result = call(request)
        except RequestRefused as error:
            raise SagemakerClientError(error.code, str(error)) from error
        return EmptyResult() if result is None else ActionResult(result)

    return answer


def _method_name(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def _list(service: GroundTruth, request: Mapping[str, Any]) -> dict[str, Any]:
    found = [record for record in service.records() if _is_asked_for(record, request)]
    keys: dict[str, Callable[[Record], Any]] = {
        "Name": lambda record: record.request.name.lower(),
        "CreationTime": lambda record: record.created,
        "Status": lambda record: record.status,
    }
    found.sort(key=keys[request.get("SortBy", "CreationTime")], reverse=request.get("SortOrder") == "Descending")
    return _page([summary(record) for record in found], request)


def _list_for_workteam(service: GroundTruth, request: Mapping[str, Any]) -> dict[str, Any]:
    found = [record for record in service.records() if record.request.team == request["WorkteamArn"]]
    found = [record for record in found if _is_asked_for(record, request)]
    found.sort(key=lambda record: record.created, reverse=request.get("SortOrder") == "Descending")
    return _page([_for_workteam(record) for record in found], request)


def _for_workteam(record: Record) -> dict[str, Any]:
    counters = record.job.counters
    return {
        "LabelingJobName": record.request.name,
        "JobReferenceCode": reference_code(record),
        "WorkRequesterAccountId": record.arn.split(":")[4],
        "CreationTime": record.created,
        "LabelCounters": {
            "HumanLabeled": counters.labeled,
            "PendingHuman": counters.unlabeled,
            "Total": counters.labeled + counters.unlabeled + counters.failed,
        },
        "NumberOfHumanWorkersPerDataObject": record.request.workers_per_object,
    }


def _is_asked_for(record: Record, request: Mapping[str, Any]) -> bool:
    return (
        request.get("NameContains", "").lower() in record.request.name.lower()
        and request.get("StatusEquals", record.status) == record.status
        and request.get("JobReferenceCodeContains", "") in reference_code(record)
        and _is_between(record.created, request.get("CreationTimeAfter"), request.get("CreationTimeBefore"))
        and _is_between(record.modified, request.get("LastModifiedTimeAfter"), request.get("LastModifiedTimeBefore"))
    )


def _is_between(date: datetime, after: float | None, before: float | None) -> bool:
    is_after = after is None or date > datetime.fromtimestamp(after, UTC)
    return is_after and (before is None or date < datetime.fromtimestamp(before, UTC))


def _page(summaries: list[dict[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise RequestRefused("ValidationException", "NextToken is not one this service gave out")
    start, size = int(token), request.get("MaxResults", _PAGE)
    page = {"LabelingJobSummaryList": summaries[start : start + size]}
    return page | ({"NextToken": str(start + size)} if start + size < len(summaries) else {})
