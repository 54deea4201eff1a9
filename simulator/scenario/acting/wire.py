"""Steps that speak HTTP to a service: Braze's user endpoints, segments, and any call with its expected answer."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson

from simulator.fakes.braze.audience.segments import SegmentRefused, Segments
from simulator.fakes.braze.phone import PhoneRefused
from simulator.fakes.braze.store.profiles import Profile
from simulator.feeds import MAIN
from simulator.scenario.acting.stage import WORKSPACE, Stage, StepRefused, character
from simulator.scenario.model.steps.braze import (
    AddAlias,
    CreateSegment,
    Delete,
    Identify,
    Merge,
    RenameExternalId,
    Track,
)
from simulator.scenario.model.steps.wire import Answer, Auth, Call, Service
from simulator.scenario.model.words import PLACEHOLDER
from simulator.serving.transports import WsgiTransport
from simulator.sync.ports import Request, Response


def send(stage: Stage, service: Service, request: Request, project: str = MAIN) -> Response:
    """One request through the door of the world; past it while a request of the engine is in that door."""
    endpoint = stage.world.braze_endpoint
    if service is Service.AMPLITUDE:
        endpoint = stage.world.amplitude.store.projects.named(project).endpoint
    if stage.inside:
        app = stage.world.braze.app if service is Service.BRAZE else stage.world.amplitude.app
        return WsgiTransport(app, endpoint).send(request)
    return stage.world.endpoints.to(endpoint).send(request)


def _post(stage: Stage, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    """A call to Braze with a good REST key; anything but full success refuses the step."""
    headers = {"content-type": "application/json", **_bearer(stage)}
    answer = send(stage, Service.BRAZE, Request("POST", path, headers, orjson.dumps(body)))
    told: dict[str, Any] = orjson.loads(answer.body)
    if answer.status >= 300 or any(found for name, found in told.items() if name.endswith("errors")):
        raise StepRefused(f"Braze answers {path} with {answer.status} {answer.body.decode()}")
    return told


def _bearer(stage: Stage) -> dict[str, str]:
    return {"authorization": f"Bearer {stage.world.braze.keys.rest_keys[WORKSPACE]}"}


def _profile(stage: Stage, name: str) -> Profile:
    profiles = stage.profiles_of(name)
    if not profiles:
        raise StepRefused(f"Braze has no profile of {name}")
    return next((each for each in profiles if each.identified), profiles[0])


def _aliases(stage: Stage, profile: Profile) -> dict[str, str]:
    return dict(stage.world.braze.store.identifiers.aliases_of([profile.row]).get(profile.row, ()))


def _naming(stage: Stage, name: str) -> dict[str, object]:
    """How the REST API can name a person's profile: by external id, else by an alias."""
    profile = _profile(stage, name)
    if profile.external_id is not None:
        return {"external_id": profile.external_id}
    for label, alias in _aliases(stage, profile).items():
        return {"user_alias": {"alias_name": alias, "alias_label": label}}
    raise StepRefused(f"{name}'s profile has neither external id nor alias, and the endpoint takes nothing else")


def add_alias(stage: Stage, step: AddAlias) -> None:
    """LIFE-3."""
    profile = _profile(stage, step.person)
    if profile.external_id is not None:
        alias = {"external_id": profile.external_id, "alias_label": step.label, "alias_name": step.name}
        _post(stage, "/users/alias/new", {"user_aliases": [alias]})
        return
    device_id = character(stage, step.person).phone.braze_device_id
    if device_id is None:
        raise StepRefused(f"{step.person}'s profile has no external id, and there is no phone to set an alias on")
    try:
        stage.world.braze.phone.add_alias(device_id, step.label, step.name)
    except PhoneRefused as refused:
        raise StepRefused(str(refused)) from refused


def identify(stage: Stage, step: Identify) -> None:
    """LIFE-3."""
    for profile in stage.profiles_of(step.person):
        aliases = _aliases(stage, profile)
        label = step.label or next(iter(aliases), None)
        if label in aliases:
            alias = {"alias_label": label, "alias_name": aliases[label]}
            _post(
                stage,
                "/users/identify",
                {"aliases_to_identify": [{"external_id": step.external_id, "user_alias": alias}]},
            )
            _adopt_external_id(stage, step.person, step.external_id)
            return
    raise StepRefused(f"{step.person} has no alias{f' with the label {step.label}' if step.label else ''} in Braze")


def _adopt_external_id(stage: Stage, name: str, external_id: str) -> None:
    profile = stage.world.braze.store.profiles.by_external_id(WORKSPACE, external_id)
    if profile is not None:
        stage.cast.know_braze(name, [profile.braze_id])


def merge(stage: Stage, step: Merge) -> None:
    """LIFE-3."""
    update = {"identifier_to_merge": _naming(stage, step.person), "identifier_to_keep": _naming(stage, step.into)}
    _post(stage, "/users/merge", {"merge_updates": [update]})


def delete(stage: Stage, step: Delete) -> None:
    """LIFE-3."""
    profiles = stage.profiles_of(step.person)
    if not profiles:
        raise StepRefused(f"Braze has no profile of {step.person}")
    _post(stage, "/users/delete", {"braze_ids": [profile.braze_id for profile in profiles]})


def rename_external_id(stage: Stage, step: RenameExternalId) -> None:
    """LIFE-3, MATCH-6."""
    current = _profile(stage, step.person).external_id
    if current is None:
        raise StepRefused(f"{step.person}'s profile has no external id")
    rename = {"current_external_id": current, "new_external_id": step.to}
    _post(stage, "/users/external_ids/rename", {"external_id_renames": [rename]})


def track(stage: Stage, step: Track) -> None:
    """TRACK-1."""
    arrays = {"attributes": step.attributes, "events": step.events, "purchases": step.purchases}
    _post(stage, "/users/track", {name: list(objects) for name, objects in arrays.items() if objects})


def create_segment(stage: Stage, step: CreateSegment) -> None:
    """SEG-1."""
    parts: list[object] = [_cohort_filter(stage, name, "includes_value") for name in step.includes]
    parts += [_cohort_filter(stage, name, "does_not_include_value") for name in step.excludes]
    if step.filters is not None:
        parts.append(filled(stage, step.filters))
    try:
        segment = Segments(stage.world.braze.room).create(WORKSPACE, step.name, {"AND": parts})
    except SegmentRefused as refused:
        raise StepRefused(str(refused)) from refused
    stage.segment_ids[step.name] = segment.segment_id


def _cohort_filter(stage: Stage, name: str, comparison: str) -> dict[str, object]:
    return {"amplitude_cohorts": {"comparison": comparison, "value": stage.cohort_ids[name]}}


def call(stage: Stage, step: Call) -> Response:
    """One request as the step says, and the answer to it."""
    project = step.project
    headers = {name.lower(): str(filled(stage, value, project)) for name, value in step.headers.items()}
    if step.auth is Auth.GOOD and "authorization" not in headers:
        headers |= _credentials(stage, step)
    body = b""
    if step.body is not None:
        content = filled(stage, step.body, project)
        body = content.encode() if isinstance(content, str) else orjson.dumps(content)
        headers.setdefault("content-type", "application/json")
    path = str(filled(stage, step.path, project))
    if step.query:
        path += "?" + urlencode({name: filled(stage, value, project) for name, value in step.query.items()}, doseq=True)
    return send(stage, step.service, Request(step.method, path, headers, body), project)


def _credentials(stage: Stage, step: Call) -> dict[str, str]:
    if step.service is Service.BRAZE:
        return {} if step.path.startswith("/partners/") else _bearer(stage)
    project = stage.world.amplitude.store.projects.named(step.project)
    return {"authorization": "Basic " + b64encode(f"{project.api_key}:{project.secret_key}".encode()).decode()}


def filled(stage: Stage, value: object, project: str = MAIN) -> Any:
    """A value with the words in braces replaced by ids and keys of the world; other braces stay."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: _word(stage, found[1], found[2], found[0], project), value)
    if isinstance(value, Mapping):
        return {key: filled(stage, each, project) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(stage, each, project) for each in value]
    return value


def filled_answer(stage: Stage, expected: Answer, project: str) -> Answer:
    """What a call should be answered with, the words in braces replaced."""
    return replace(
        expected,
        body=filled(stage, expected.body, project),
        contains=tuple(filled(stage, expected.contains, project)),
        headers=filled(stage, expected.headers, project),
    )


def _word(stage: Stage, naming: str | None, word: str, written: str, of_project: str) -> str:
    if naming == "cohort":
        return stage.cohort_ids[word]
    if naming is not None:
        used = stage.keys[word]
        if naming == "data_import_key":
            return used[-1]
        if len(used) == 1:
            raise StepRefused(f"the connection {word!r} has had one key only; `new_key` gives it another")
        return used[-2]
    keys = stage.world.braze.keys
    project = stage.world.amplitude.store.projects.named(of_project)
    return {
        "braze_rest_key": keys.rest_keys[WORKSPACE],
        "data_import_key": keys.data_import_keys[WORKSPACE],
        "partner_api_key": keys.partner_api_key,
        "amplitude_api_key": project.api_key,
        "amplitude_secret_key": project.secret_key,
    }.get(word, written)
