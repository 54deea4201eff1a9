"""`absim new`: a scenario skeleton that runs."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import click

from simulator import resources
from simulator.cli.common import EnvironmentFault, ExitCode, Text, shown_name, talk

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


@click.command(short_help="Write a small scenario that passes, to start from.")
@click.argument("name", type=Text())
def command(name: str) -> int:
    """Write NAME.scenario.yaml, a small scenario that passes, to be changed into one's own."""
    from simulator.scenario.files import SUFFIX

    named = Path(name if name.endswith(SUFFIX) else f"{name.removesuffix('.yaml')}{SUFFIX}")
    path = Path(resources.on_disk(str(named)))
    if not named.name.removesuffix(SUFFIX) or named.name.startswith(SUFFIX):
        raise click.UsageError("a scenario needs a name, such as first-login")
    if path.exists():
        raise click.UsageError(f"{named} exists; choose another name")
    title = re.sub(r"[-_]+", " ", named.name.removesuffix(SUFFIX)).strip().capitalize()
    if not re.fullmatch(r"[^\W\d][\w ]*", title) or title.lower() in ("true", "false", "null"):
        # What YAML would not take for a text as it stands.
        title = json.dumps(title, ensure_ascii=False)
    try:
        path.write_text(
            _SKELETON.format(schema=_schema_seen_from(path.resolve().parent), title=title),
            encoding="utf-8",
            newline="\n",
        )
    except OSError as error:
        if path.is_file():
            # A full disk takes the name and nothing else.
            path.unlink()
        raise EnvironmentFault(f"{named} cannot be written: {error.strerror}") from error
    talk(f"wrote {shown_name(path)}; run it with: {shlex.join(['absim', 'run', shown_name(path)])}")
    return ExitCode.PASSED


def _schema_seen_from(folder: Path) -> str:
    """Where editors find the schema, from a folder; the whole path when they are on two Windows drives."""
    schema = resources.folder("contracts") / "scenario.schema.json"
    try:
        seen = Path(os.path.relpath(schema, folder))
    except ValueError:
        seen = schema
    return resources.text_of(seen.as_posix())
