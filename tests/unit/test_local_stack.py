"""The template, as the laptop reads it."""

from pathlib import Path

import pytest

from local import credentials
from local.patches import MotoChangedError, Patches
from local.stack import create, install
from local.template import Route, Template, TemplateError, api_outputs

HEAD = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
"""

FUNCTION = """
Globals:
  Function: { Runtime: python3.13, CodeUri: functions/, Layers: [!Ref Shared] }
Resources:
  Shared: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: layers/shared/ } }
  Extra: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: layers/extra/ } }
  Api: { Type: AWS::Serverless::HttpApi, Properties: { Auth: { DefaultAuthorizer: %s } } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: worker.handler
      Layers: [!Ref Extra]
      Events:
        Make: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: post, Path: "/tasks/{id}" } }
        Open: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /open, Auth: { Authorizer: NONE } } }
Outputs:
  Url: { Value: !Sub "https://${Api}.example" }
  Name: { Value: !Ref Worker }
"""


@pytest.fixture
def template(tmp_path: Path) -> "Make":
    return Make(tmp_path)


class Make:
    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, body: str) -> Template:
        path = self.root / "template.yaml"
        path.write_text(HEAD + body)
        return Template(path)


def test_a_function_should_have_its_code_and_all_its_layers_on_the_path(template: Make, tmp_path: Path) -> None:
    code = template(FUNCTION % "AWS_IAM").code()
    assert code == {"Worker": (tmp_path / "functions", tmp_path / "layers/shared", tmp_path / "layers/extra")}


def test_routes_should_come_from_the_events_and_keep_their_authorisation(template: Make) -> None:
    routes = template(FUNCTION % "AWS_IAM").routes()
    assert routes == (
        Route("POST", "/tasks/{id}", "Worker", iam=True),
        Route("ANY", "/open", "Worker", iam=False),
    )


def test_an_authorizer_the_laptop_does_not_know_should_be_refused(template: Make) -> None:
    with pytest.raises(TemplateError, match="Visitors"):
        template(FUNCTION % "Visitors").routes()


def test_outputs_made_from_the_api_should_be_known(template: Make) -> None:
    assert api_outputs(template(FUNCTION % "AWS_IAM")) == {"Url"}


def test_durations_should_be_scaled_to_whole_seconds_that_the_template_allows(template: Make) -> None:
    parameters = """
Parameters:
  FiveDaysSeconds: { Type: Number, Default: 432000, MinValue: 1 }
  AMinuteSeconds: { Type: Number, Default: 60, MinValue: 1 }
  Days: { Type: Number, Default: 90 }
  GivenSeconds: { Type: Number }
Resources: {}
"""
    assert template(parameters).scaled(2.0) == {"FiveDaysSeconds": "10", "AMinuteSeconds": "1"}


def test_a_resource_nobody_can_make_should_be_named(template: Make) -> None:
    body = template("Resources:\n  Canary: { Type: AWS::Synthetics::Canary, Properties: {} }\n")
    with pytest.raises(TemplateError, match=r"AWS::Synthetics::Canary \(Canary\)"):
        create(body, "x", {}, credentials.session("us-east-1"), "http://127.0.0.1:1")


class Smaller:
    def call(self, first: int) -> int:
        return first


class Owner:
    def call(self, first: int, second: int) -> int:
        return first + second


def test_a_patch_should_be_undone() -> None:
    patches = Patches()
    patches.replace(Owner, "call", lambda original: lambda self, first, second: 10 * original(self, first, second))
    assert Owner().call(1, 2) == 30
    patches.undo()
    assert Owner().call(1, 2) == 3


def test_a_patch_should_refuse_a_function_that_takes_something_else_now() -> None:
    with pytest.raises(MotoChangedError, match="second"):
        Patches().replace(Owner, "call", lambda _original: Smaller.call)


def test_a_patch_should_refuse_a_function_that_is_gone() -> None:
    with pytest.raises(MotoChangedError, match="no function 'gone'"):
        Patches().replace(Owner, "gone", lambda original: original)


def test_moto_should_still_have_everything_that_is_replaced() -> None:
    patches = Patches()
    install(patches)
    patches.undo()
