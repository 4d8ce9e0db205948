"""What holds the requests of the code against AWS's models must itself see what is wrong."""

from typing import Any

import pytest

from tests.strict_model import StrictClient, faults

VALID: dict[str, Any] = {"LabelingJobName": "everlabel-VOTVehicle-0"}


def test_a_valid_request_has_no_faults() -> None:
    assert faults("sagemaker", "DescribeLabelingJob", VALID) == []


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"LabelingJobName": 5},
        {"LabelingJobName": "-starts-with-a-hyphen"},
        {"LabelingJobName": "under_score"},
        {"LabelingJobName": "a" * 64},
        {"LabelingJobName": ""},
        {**VALID, "Unknown": 1},
    ],
)
def test_what_the_service_refuses_is_a_fault(request_: dict[str, Any]) -> None:
    assert faults("sagemaker", "DescribeLabelingJob", request_)


def test_an_unknown_enumeration_value_deep_inside_is_a_fault() -> None:
    source = {"DataAttributes": {"ContentClassifiers": ["FreeOfEverything"]}}
    found = faults("sagemaker", "CreateLabelingJob", {"InputConfig": source})
    assert any("enum value set" in fault and "contentClassifiers.1" in fault for fault in found)


def test_a_strict_client_notes_the_fault_and_passes_the_call_on() -> None:
    class Fake:
        def start_execution(self, **request: Any) -> int:
            return len(request)

    broken: list[str] = []
    client = StrictClient(Fake(), "stepfunctions", broken)
    assert client.start_execution(stateMachineArn="arn", name="n" * 80) == 2
    assert broken == []
    client.start_execution(stateMachineArn="arn", name="n" * 81)
    assert len(broken) == 1
