"""What stands behind one port: a service, the control plane under `/_sim/`, and a Date that agrees with the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from email.utils import format_datetime
from typing import Any

from simulator.clock import SimClock
from simulator.rules.instants import SECOND_MS, to_datetime
from simulator.serving.transports import Wsgi

PLANE = "/_sim/"


class Front:
    """One WSGI application for one port. The control plane is the same behind every port of a world."""

    def __init__(
        self,
        service: Wsgi,
        control: Wsgi,
        rooms: Mapping[str, Wsgi],
        clock: SimClock,
        keep_time: Callable[[bool], None],
    ) -> None:
        """`rooms` are services with control operations of their own: `braze` for /_sim/braze/.

        `keep_time` is called before each call, so that no client sees a clock behind the pacer's; its argument says
        whether work that falls due may be run first (it may not in a service's thread, which that work may call).
        """
        self._service = service
        self._control = control
        self._rooms = tuple((f"{PLANE}{name}/", application) for name, application in rooms.items())
        self._clock = clock
        self._keep_time = keep_time
        self._second = -1
        self._date = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        self._keep_time(path.startswith(PLANE))
        date = self._now()

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            return start_response(status, [*headers, ("Date", date)], *exc_info)

        return self._behind(path)(environ, start)

    def _behind(self, path: str) -> Wsgi:
        if not path.startswith(PLANE):
            return self._service
        for prefix, application in self._rooms:
            if path.startswith(prefix):
                return application
        return self._control

    def _now(self) -> str:
        second = self._clock.now // SECOND_MS
        if second != self._second:
            self._date = format_datetime(to_datetime(second * SECOND_MS), usegmt=True)
            self._second = second
        return self._date
