"""/sessions/data_series and /kpi/*: how much the apps of a workspace are used.

Source: Braze, "Export app sessions by time", "Export daily new users by date", "Export daily active users by date",
"Export monthly active users for last 30 days", "Export daily app uninstalls by date".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import members_asked, series, unit
from simulator.fakes.braze.audience.lists.names import slot_text, slots_until
from simulator.fakes.braze.audience.lists.sessions import MONTH_DAYS, Sessions
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.wire import success
from simulator.rules.instants import Instant

Count = Callable[[str, Collection[Instant], str], Mapping[Instant, int]]
"""(workspace, days, app) -> figures by day."""


class FigureHandlers:
    """Answers how many people used what when."""

    def __init__(self, keys: Keys, segments: Segments, sessions: Sessions) -> None:
        self._keys = keys
        self._segments = segments
        self._sessions = sessions

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        kept = self._sessions
        return {
            "sessionDataSeries": self.session_series,
            "kpiNewUsers": self._daily("new_users", lambda where, days, app: kept.new(where, days, app=app)),
            "kpiDailyActiveUsers": self._daily("dau", lambda where, days, app: kept.active(where, days, app=app)),
            "kpiMonthlyActiveUsers": self._daily(
                "mau", lambda where, days, app: kept.active(where, days, app=app, span=MONTH_DAYS)
            ),
            "kpiUninstalls": self._daily("uninstalls", lambda where, days, app: kept.uninstalls(where, days, app=app)),
        }

    def session_series(self, call: Call) -> Reply:
        """How many sessions began by day or hour, of everybody, in one app or in a segment."""
        workspace, size = self._keys.workspace_of(call), unit(call)
        rows = members_asked(call, self._segments, workspace)
        length, ending_at = series(call)
        app = call.argument("app_id", "") or ""
        found = self._sessions.sessions(workspace, slots_until(ending_at, length, size), size, app=app, rows=rows)
        return success(200, data=[{"time": slot_text(slot, size), "sessions": found[slot]} for slot in sorted(found)])

    def _daily(self, figure: str, count: Count) -> Handler:
        def answer(call: Call) -> Reply:
            length, ending_at = series(call)
            days = slots_until(ending_at, length, "day")
            found = count(self._keys.workspace_of(call), days, call.argument("app_id", "") or "")
            return success(200, data=[{"time": slot_text(day, "day"), figure: found[day]} for day in days])

        return answer
