"""The environment that the command line makes for boto3 from its options."""

from pathlib import Path

import boto3
import pytest

from everlabel_cli.stack import environment

GIVEN = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_SESSION_TOKEN": "C"}


def test_without_options_the_environment_stays_as_it_is() -> None:
    assert environment(GIVEN, None, None, None) == GIVEN


def test_options_are_what_boto3_reads() -> None:
    made = environment({}, "night", "eu-west-1", "http://127.0.0.1:4599")
    assert made == {
        "AWS_PROFILE": "night",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4599",
    }


def test_a_profile_that_is_named_wins_over_credentials_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[night]\naws_access_key_id = NIGHT\naws_secret_access_key = secret\n")
    given = GIVEN | {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    made = environment(given, "night", "eu-west-1", None)
    for name in given.keys() | made.keys():
        monkeypatch.delenv(name, raising=False)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    credentials = boto3.Session().get_credentials()
    assert credentials is not None
    assert credentials.access_key == "NIGHT"
