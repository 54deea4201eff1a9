"""Who may call what, and how often: keys of the dashboard family and of the profile API, and their budgets."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

from simulator.fakes.amplitude.ingestion.windows import SlidingCount
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project, Projects
from simulator.fakes.amplitude.wire import dashboard_error
from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.rules.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from simulator.rules.switches import RuleSet

ProjectHandler = Callable[[Project, Call], Reply]
PROFILE_THROTTLED = "Number of requests per minute exceeds system limit. Contact Support if you need this limit raised"


@dataclass(frozen=True, slots=True)
class Budget:
    """So much cost in a sliding window, shared by every operation that names it; `words` goes into the 429."""

    limit: int
    window_ms: int
    words: str
    source: str


BUDGETS: dict[str, tuple[Budget, ...]] = {
    "users": (Budget(360, HOUR_MS, "360 requests per hour", "Amplitude, Dashboard REST API"),),
    "dashboard": (
        Budget(1_000, 5 * MINUTE_MS, "1000 cost per 5 minutes", "Amplitude, Dashboard REST API"),
        Budget(108_000, HOUR_MS, "108000 cost per hour", "Amplitude, Dashboard REST API"),
    ),
    "taxonomy": (Budget(7_200, HOUR_MS, "7200 cost per hour", "Amplitude, Taxonomy API"),),
    "deletions": (Budget(1, SECOND_MS, "1 request per second", "Amplitude, User Privacy API"),),
    "dsar": (Budget(14_400, HOUR_MS, "14400 cost per hour", "Amplitude, Data Subject Access Request API"),),
    "metrics": (Budget(12, MINUTE_MS, "12 requests per minute", "Amplitude, Event Streaming Metrics Summary API"),),
    "profile": (Budget(600, MINUTE_MS, PROFILE_THROTTLED, "Amplitude, User Profile API"),),
}
"""Limits on calls at the same time stand in `parallel`."""


class Access:
    """Turns handlers that are given a project into handlers that find out whose call it is."""

    def __init__(self, projects: Projects, settings: AmplitudeSettings, rules: Callable[[], RuleSet]) -> None:
        self._projects = projects
        self._settings = settings
        self._rules = rules
        self._spent: dict[tuple[str, int], SlidingCount[str]] = {}

    def basic(self, handler: ProjectHandler, budget: str = "", cost: int = 1) -> Handler:
        """Basic authentication with API key and secret key, then the budget."""

        def answer(call: Call) -> Reply:
            project = self._basic_project(call)
            if budget and (over := self.spend(budget, project.name, cost, call.at)) is not None:
                raise Problem(dashboard_error(429, over.words))
            return handler(project, call)

        return answer

    def profile(self, handler: ProjectHandler) -> Handler:
        """`Authorization: Api-Key <secret key>`, then 600 calls a minute."""

        def answer(call: Call) -> Reply:
            scheme, _, secret = call.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "api-key" or not secret.strip():
                raise Problem(Reply(401, "Missing Api-Key in Authorization header", content_type="text/plain"))
            project = self._projects.of_secret_key(secret.strip(), call.host)
            if project is None:
                raise Problem(Reply(401, "Invalid Api-Key", content_type="text/plain"))
            if self.spend("profile", "organisation", 1, call.at) is not None:
                raise Problem(Reply(429, {"error": PROFILE_THROTTLED}))
            return handler(project, call)

        return answer

    def spend(self, budget: str, whose: str, cost: int, at: Instant) -> Budget | None:
        """Use up so much of a budget; the limit that stands in the way, in which case nothing is used up."""
        if not self._settings.limits:
            return None
        counts = [
            (each, self._spent.setdefault((budget, number), SlidingCount(each.window_ms)))
            for number, each in enumerate(BUDGETS[budget])
        ]
        for each, count in counts:
            if count.count(whose, at) + cost > each.limit:
                return each
        for _, count in counts:
            count.add({whose: cost}, at)
        return None

    def use(self, budget: str, number: int, whose: str, used: int, at: Instant) -> None:
        """Let so much of one limit of a budget have been used up at an instant, and nothing before. Raises KeyError."""
        count = self._spent[budget, number] = SlidingCount(BUDGETS[budget][number].window_ms)
        count.add({whose: used}, at)

    def project_name(self, call: Call) -> str | None:
        """The project whose keys a call carries; None when it carries no good ones."""
        try:
            return self._basic_project(call).name
        except Problem:
            return None

    def _basic_project(self, call: Call) -> Project:
        scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise Problem(dashboard_error(401, "Missing API Key"))
        try:
            api_key, _, secret_key = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Problem(dashboard_error(401, "Missing API Key")) from None
        project = self._projects.of_api_key(api_key, call.host)
        if project is None or project.secret_key != secret_key:
            # The documents say 401; clients of the live service saw 403 (switch `wrong_key_status`).
            raise Problem(dashboard_error(int(self._rules().wrong_key_status), "Invalid API Key"))
        return project
