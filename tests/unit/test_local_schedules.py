"""Schedules, as the laptop reads them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.schedules import interval
from local.template import TemplateError


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3600),
        ("rate(2 days)", 172800),
        ("cron(17 * * * ? *)", 3600),
        ("cron(0 3 * * ? *)", 86400),
    ],
)
def test_an_expression_should_give_its_interval(expression: str, seconds: int) -> None:
    assert interval(expression) == seconds


@given(st.text() | st.from_regex(r"(rate|cron|at)\(.*\)", fullmatch=True))
def test_any_other_expression_should_be_refused_in_words(expression: str) -> None:
    if not re.fullmatch(r"rate\(\d+ (minute|hour|day)s?\)|cron\(\d+ (\d+|\*) \* \* \? \*\)", expression):
        with pytest.raises(TemplateError) as refused:
            interval(expression)
        assert expression in str(refused.value)
