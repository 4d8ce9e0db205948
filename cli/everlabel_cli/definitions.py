"""One annotation task's definition for each clip, made from one that is given for all."""

from collections.abc import Mapping
from typing import Any

import typer

from everlabel_cli.clips import Clip

_HINT = "--definition"


def for_clip(given: Mapping[str, Any], clip: Clip, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of one clip.

    `{clipS3Uri}` and `{clipId}` in any text become the clip's; a labeling job that names neither a clip nor a job it is
    chained from gets the clip; `clipId` is the clip's if nothing else is given. Attributes of the clip go before those
    of the definition, name by name.
    """
    made: dict[str, Any] = _filled(given, {"{clipS3Uri}": clip.uri, "{clipId}": clip.clip_id})
    for job in made["labelingJobs"]:
        wanted = job.setdefault("inputConfig", {})
        if "clipS3Uri" not in wanted and "chainFromJobName" not in wanted:
            wanted["clipS3Uri"] = clip.uri
    made.setdefault("clipId", clip.clip_id)
    if attributes:
        said = made.get("attributes", {})
        scopes = {*said, *attributes}
        made["attributes"] = {scope: {**said.get(scope, {}), **attributes.get(scope, {})} for scope in sorted(scopes)}
    return made


def refuse_unusable(given: Mapping[str, Any]) -> None:
    """What would be wrong for every clip, told once, before any is sent.

    Raises:
        typer.BadParameter: if it is no definition, or all clips would be one task.
    """
    jobs = given.get("labelingJobs")
    if not isinstance(jobs, list) or not jobs or not all(isinstance(job, dict) for job in jobs):
        raise typer.BadParameter("labelingJobs must be a list of labeling jobs", param_hint=_HINT)
    if not all(isinstance(job.get("inputConfig", {}), dict) for job in jobs):
        raise typer.BadParameter("labelingJobs[].inputConfig must be a mapping", param_hint=_HINT)
    scopes = given.get("attributes", {})
    if not isinstance(scopes, dict) or not all(isinstance(named, dict) for named in scopes.values()):
        raise typer.BadParameter("attributes must be like {drive: {…}, clip: {…}}", param_hint=_HINT)
    one, other = (for_clip(given, Clip(name, f"s3://bucket/{name}"), {}) for name in ("one", "other"))
    if one["labelingJobs"] == other["labelingJobs"]:
        named = next((job["inputConfig"]["clipS3Uri"] for job in jobs if "clipS3Uri" in job["inputConfig"]), None)
        if named is None:
            raise typer.BadParameter("no labeling job gets a clip: all are chained", param_hint=_HINT)
        why = f"names the clip {named!r} for all; leave inputConfig.clipS3Uri out, or write {{clipS3Uri}} there"
        raise typer.BadParameter(why, param_hint=_HINT)


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    match value:
        case str():
            for word, meaning in words.items():
                value = value.replace(word, meaning)
            return value
        case list():
            return [_filled(part, words) for part in value]
        case Mapping():
            return {key: _filled(part, words) for key, part in value.items()}
        case _:
            return value
