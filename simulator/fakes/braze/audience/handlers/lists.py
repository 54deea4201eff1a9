"""/events/*, /custom_attributes and /purchases/*.

Source: Braze, "Export custom events list", "Export custom events", "Export custom events analytics", "Export custom
attributes", "List product IDs", "Export number of purchases", "Export revenue data by time". The page size of product
ids is not documented; 250, as for events, is inferred.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote, urlsplit

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import members_asked, page, required, series, unit
from simulator.fakes.braze.audience.lists.names import Names, slot_text, slots_until
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.wire import refuse, success
from simulator.rules.instants import Instant

NAMES_PER_PAGE = 250
DETAILS_PER_PAGE = 50
_SKIP = "skip:"

Item = TypeVar("Item")


class ListHandlers:
    """Answers which names exist and how often things happened."""

    def __init__(self, keys: Keys, segments: Segments, names: Names) -> None:
        self._keys = keys
        self._segments = segments
        self._names = names

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            "listEvents": self.list_events,
            "exportEvents": self.export_events,
            "eventDataSeries": self.event_series,
            "listCustomAttributes": self.custom_attributes,
            "listProducts": self.list_products,
            "purchaseQuantitySeries": self.quantity_series,
            "purchaseRevenueSeries": self.revenue_series,
        }

    def list_events(self, call: Call) -> Reply:
        """250 names a page, alphabetical."""
        names = self._names.events(self._keys.workspace_of(call))
        return success(200, events=list(page(call, names, NAMES_PER_PAGE)))

    def export_events(self, call: Call) -> Reply:
        """50 events a page, with what the dashboard knows of them."""
        names = self._names.events(self._keys.workspace_of(call))
        return _cursor_page(
            call,
            "events",
            names,
            lambda name: {
                "name": name,
                "description": None,
                "included_in_analytics_report": False,
                "status": "Active",
                "tag_names": [],
            },
        )

    def custom_attributes(self, call: Call) -> Reply:
        """50 attributes a page."""
        attributes = self._names.attributes(self._keys.workspace_of(call))
        return _cursor_page(
            call,
            "attributes",
            attributes,
            lambda attribute: {
                "array_length": attribute.array_length,
                "data_type": attribute.data_type,
                "description": None,
                "name": attribute.name,
                "status": "Active",
                "tag_names": [],
            },
        )

    def list_products(self, call: Call) -> Reply:
        """One page of product ids, alphabetical."""
        products = self._names.products(self._keys.workspace_of(call))
        return success(200, products=list(page(call, products, NAMES_PER_PAGE)))

    def event_series(self, call: Call) -> Reply:
        """How often an event happened by day or hour, of everybody, one app or a segment."""
        name, workspace = required(call, "event"), self._keys.workspace_of(call)
        rows = members_asked(call, self._segments, workspace)
        app_id = call.argument("app_id", "") or ""
        return _series(
            call, "count",
            lambda slots, size: self._names.event_counts(workspace, name, slots, size, app_id=app_id, rows=rows),
        )  # fmt: skip

    def quantity_series(self, call: Call) -> Reply:
        """How many items were bought by day or hour."""
        workspace, app_id, product = self._purchases(call)
        return _series(
            call, "purchase_quantity",
            lambda slots, size: self._names.quantities(workspace, slots, size, app_id=app_id, product=product),
        )  # fmt: skip

    def revenue_series(self, call: Call) -> Reply:
        """What was spent by day or hour."""
        workspace, app_id, product = self._purchases(call)
        return _series(
            call, "revenue",
            lambda slots, size: self._names.revenues(workspace, slots, size, app_id=app_id, product=product),
        )  # fmt: skip

    def _purchases(self, call: Call) -> tuple[str, str, str]:
        return self._keys.workspace_of(call), call.argument("app_id", "") or "", call.argument("product", "") or ""


def _series(call: Call, figure: str, count: Callable[[Collection[Instant], str], Mapping[Instant, float]]) -> Reply:
    size = unit(call)
    length, ending_at = series(call)
    found = count(slots_until(ending_at, length, size), size)
    return success(200, data=[{"time": slot_text(slot, size), figure: found[slot]} for slot in sorted(found)])


def _cursor_page(call: Call, key: str, items: Sequence[Item], shown: Callable[[Item], object]) -> Reply:
    """50 items from where the cursor says; the Link header leads on and back."""
    skip = _skip(call.argument("cursor"))
    links = []
    if skip + DETAILS_PER_PAGE < len(items):
        links.append(_link(call, skip + DETAILS_PER_PAGE, "next"))
    if skip:
        links.append(_link(call, max(0, skip - DETAILS_PER_PAGE), "prev"))
    reply = success(200, **{key: [shown(item) for item in items[skip : skip + DETAILS_PER_PAGE]]})
    return Reply(reply.status, reply.body, {"Link": ", ".join(links)} if links else {})


def _skip(cursor: str | None) -> int:
    """`c2tpcDow` says skip:0."""
    if cursor is None:
        return 0
    try:
        said = base64.b64decode(cursor, validate=True).decode("ascii")
        if not said.startswith(_SKIP) or not said.removeprefix(_SKIP).isdecimal():
            raise ValueError(said)
        return int(said.removeprefix(_SKIP))
    except ValueError:
        raise refuse(400, "'cursor' is not valid") from None


def _link(call: Call, skip: int, relation: str) -> str:
    here = urlsplit(call.url)
    cursor = quote(base64.b64encode(f"{_SKIP}{skip}".encode()).decode(), safe="")
    return f'<{here.scheme}://{here.netloc}{here.path}?cursor={cursor}>; rel="{relation}"'
