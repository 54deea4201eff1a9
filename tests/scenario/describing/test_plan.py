"""The plan of a scenario says where everything is, as far as it is not where nearly everything is."""

from __future__ import annotations

from simulator.scenario.describing.plan import plan_lines
from simulator.scenario.parse import load_text

TEXT = """
scenario: Two projects
projects: {shop: {plan: plus}}
people:
  ida: {user_id: ida-1001, projects: [main, shop]}
  kim: {user_id: kim-1001, projects: shop}
  noor: {user_id: noor-1001}
connections: {first: user_id, second: {identify_by: user_id, project: shop}}
cohorts:
  openers: {performed: app_opened}
  shoppers: {performed: app_opened, project: shop}
steps:
  - sync: {cohort: openers, to: first}
  - expect: {profiles_created: 0}
"""


def test_what_is_in_another_project_says_so_and_what_is_in_the_first_does_not() -> None:
    """CONN-2."""
    (scenario,) = load_text(TEXT)
    lines = [line.strip() for line in plan_lines(scenario)]

    assert {
        "ida   Amplitude: user_id 'ida-1001' · project main, shop",
        "kim   Amplitude: user_id 'kim-1001' · project shop",
        "noor  Amplitude: user_id 'noor-1001'",
        "first  user_id -> external_id",
        "second  user_id -> external_id · project shop",
        "openers  {performed: app_opened}",
        "shoppers  {performed: app_opened} · project shop",
    } <= set(lines)
