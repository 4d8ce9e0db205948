"""The census of AWS calls: what it says of a clip that goes straight through."""

import pytest

from bench.census import MACHINE, census, of_source_a, plan

_SENDING, _RECEIVING = ("TriggerLabeling",), ("ReceiveLabels",)


def test_sending_should_publish_ten_and_write_twenty_five_at_a_time() -> None:
    made = census(plan(60)).by_operation(_SENDING)
    assert (made["sns.PublishBatch"], made["dynamodb.BatchWriteItem"]) == (6, 3)


def test_source_a_should_take_a_put_and_a_publish_for_each_object() -> None:
    made = of_source_a(plan(60)).by_operation(_SENDING)
    assert made["sns.Publish"] == 60
    assert made["dynamodb.PutItem"] >= 60


def test_a_result_should_cost_two_write_units_and_its_batch_one_look() -> None:
    made = census(plan(60)).by_operation(_RECEIVING)
    assert made["write units"] == 60 * 2 + 1  # and the level's token is forgotten
    assert made["dynamodb.Query"] == made["invocation"]


def test_nobody_should_pay_for_objects_that_are_labeled_already() -> None:
    sent_again = census(plan(60, days=8, ignored=["/000060.jpg"]))
    made = sent_again.by_operation(_SENDING, (24.0, 200.0))
    assert made["sns.PublishBatch"] <= 1


def test_us_dollars_should_be_the_sum_of_what_is_counted() -> None:
    life = census(plan(20))
    transitions = life.total("transition", [MACHINE])
    assert life.dollars([MACHINE]) == pytest.approx(transitions * 0.025 / 1000)
    functions = {counted.function for counted in life.counts}
    assert life.dollars() == pytest.approx(sum(life.dollars([function]) for function in functions))
