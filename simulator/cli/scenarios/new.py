"""`absim new`: a scenario skeleton that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import click

from simulator.cli.common import EnvironmentFault, ExitCode, shown_name, talk

_SKELETON = """# yaml-language-server: $schema={schema}
scenario: {title}
covers: [MATCH-1, MATCH-3, MAP-3]
source: "Braze, Amplitude cohort import, User Matching"

people:
  ida: {{user_id: ida-1001, device_id: d-ida-0001, events: [app_opened]}}
  ben: {{device_id: d-ben-0001, events: [app_opened]}}
connections:
  braze: {{identify_by: [user_id]}}
cohorts:
  openers: {{performed: app_opened, within: 7d}}

steps:
  - sync: {{cohort: openers, to: braze}}

expect:
  members: {{openers: [ida]}}
  skipped: {{ben: MAP-3}}        # Amplitude has no user id for Ben, so nothing is sent
"""


@click.command()
@click.argument("name")
def command(name: str) -> int:
    """Write NAME.scenario.yaml, a small scenario that passes, to be changed into one's own."""
    from simulator import resources
    from simulator.scenario.files import SUFFIX

    path = Path(name if name.endswith(SUFFIX) else f"{name.removesuffix('.yaml')}{SUFFIX}")
    if path.exists():
        raise click.UsageError(f"{path} exists; choose another name")
    title = re.sub(r"[-_]+", " ", path.name.removesuffix(SUFFIX)).strip().capitalize()
    if not re.fullmatch(r"[^\W\d][\w ]*", title) or title.lower() in ("true", "false", "null"):
        # What YAML would not take for a text as it stands.
        title = json.dumps(title, ensure_ascii=False)
    schema = Path(os.path.relpath(resources.folder("contracts") / "scenario.schema.json", path.resolve().parent))
    try:
        path.write_text(_SKELETON.format(schema=schema.as_posix(), title=title), encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be written: {error.strerror}") from error
    talk(f"wrote {shown_name(path)}; run it with: {shlex.join(['absim', 'run', shown_name(path)])}")
    return ExitCode.PASSED
