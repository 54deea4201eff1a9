"""/segments/*, /users/export/segment, /users/export/global_control_group and the link of an export.

Source: Braze, "Export segment list", "Export segment details", "Export segment analytics", "Export user profile by
segment", "Export user profile by global control group", "Cancel exports by segment" (SEG-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.control_group import ControlGroup
from simulator.fakes.braze.audience.exports import ExportOrder, ExportRefused, Exports
from simulator.fakes.braze.audience.handlers.arguments import (
    INVALID_SEGMENT,
    NOT_TRACKED,
    newest_first,
    page,
    required,
    series,
    text,
)
from simulator.fakes.braze.audience.lists.names import slot_text, slots_until
from simulator.fakes.braze.audience.segments import Segment, Segments
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.wire import body_of, failure, refuse, success
from simulator.rules.instants import DAY_MS, Instant, format_instant
from simulator.rules.segments import describe

SEGMENTS_PER_PAGE = 100
CUSTOM_ATTRIBUTES = 500


class SegmentHandlers:
    """Lists segments and exports their members."""

    def __init__(self, keys: Keys, segments: Segments, exports: Exports, control_group: ControlGroup) -> None:
        self._keys = keys
        self._segments = segments
        self._exports = exports
        self._control_group = control_group

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            "listSegments": self.list,
            "getSegment": self.details,
            "segmentDataSeries": self.data_series,
            "exportUsersBySegment": self.export_segment,
            "exportGlobalControlGroup": self.export_control_group,
            "cancelSegmentExport": self.cancel,
            "downloadSegmentExport": self.download,
        }

    def list(self, call: Call) -> Reply:
        """100 a page, oldest first; archived ones are left out."""
        found = self._segments.all(self._keys.workspace_of(call))
        if newest_first(call, default=False):
            found.reverse()
        shown = [
            {
                "id": segment.segment_id,
                "name": segment.name,
                "analytics_tracking_enabled": segment.tracked,
                "tags": list(segment.tags),
            }
            for segment in page(call, found, SEGMENTS_PER_PAGE)
        ]
        return success(200, segments=shown)

    def details(self, call: Call) -> Reply:
        """Neither the filter tree nor the size is part of it."""
        segment = self._segment(call, required(call, "segment_id"))
        return success(
            200,
            created_at=format_instant(segment.created_at),
            updated_at=format_instant(segment.updated_at),
            name=segment.name,
            description=segment.description,
            text_description=describe(segment.tree),
            tags=list(segment.tags),
            teams=list(segment.teams),
        )

    def data_series(self, call: Call) -> Reply:
        """One estimated size a day: at the end of it, or at `ending_at` on the last one. The future is left out."""
        segment = self._segment(call, required(call, "segment_id"))
        length, ending_at = series(call)
        if not segment.tracked:
            raise refuse(400, NOT_TRACKED)
        last = min(ending_at, call.at)
        data = [
            {
                "time": slot_text(day, "day"),
                "size": self._segments.estimate_at(segment, Instant(min(day + DAY_MS - 1, last))),
            }
            for day in slots_until(ending_at, length, "day")
            if day <= last
        ]
        return success(200, data=data)

    def export_segment(self, call: Call) -> Reply:
        """Begins an export; the link leads somewhere once it is ready."""
        body = body_of(call)
        segment = self._segment(call, text(body, "segment_id"))
        return self._start(call, body, segment.workspace, segment.segment_id)

    def export_control_group(self, call: Call) -> Reply:
        """The same for the Global Control Group."""
        body = body_of(call)
        workspace = self._keys.workspace_of(call)
        order = self._order(call, body, workspace, "")
        if not self._control_group.exists(workspace):
            raise refuse(400, "There is no Global Control Group")
        return self._begin(order)

    def cancel(self, call: Call) -> Reply:
        """Cancels the running exports of a segment; none is no error."""
        segment = self._segment(call, text(body_of(call), "segment_id"))
        self._exports.cancel(segment.workspace, segment.segment_id)
        return success()

    def download(self, call: Call) -> Reply:
        """The archive, while its link is good: not before the export is ready, not some hours after."""
        prefix = call.path["file"].removesuffix(".zip")
        try:
            export = self._exports.by_prefix(prefix)
        except KeyError:
            return failure(404, "Not Found")
        archive = self._exports.archive(export)
        if archive is None or export.cancelled_at is not None:
            return failure(404, "Not Found")
        if call.at >= export.expires_at:
            return failure(403, "Request has expired")
        return Reply(200, archive, content_type="application/zip")

    def _start(self, call: Call, body: Mapping[str, object], workspace: str, segment_id: str) -> Reply:
        return self._begin(self._order(call, body, workspace, segment_id))

    def _begin(self, order: ExportOrder) -> Reply:
        try:
            export = self._exports.start(order)
        except ExportRefused as error:
            raise refuse(400, str(error)) from error
        return success(object_prefix=export.prefix, url=export.link)

    def _order(self, call: Call, body: Mapping[str, object], workspace: str, segment_id: str) -> ExportOrder:
        """`output_format` matters only to a storage bucket of one's own; without one it is always a zip."""
        fields, attributes = body.get("fields_to_export"), body.get("custom_attributes_to_export") or []
        if not isinstance(fields, list) or not fields or not all(isinstance(name, str) for name in fields):
            raise refuse(400, "'fields_to_export' is required")
        if not isinstance(attributes, list) or not all(isinstance(name, str) for name in attributes):
            raise refuse(400, "'custom_attributes_to_export' must be an array of strings")
        if len(attributes) > CUSTOM_ATTRIBUTES:
            raise refuse(400, f"'custom_attributes_to_export' may contain at most {CUSTOM_ATTRIBUTES} names")
        if body.get("output_format", "zip") not in ("zip", "gzip"):
            raise refuse(400, "'output_format' must be 'zip' or 'gzip'")
        callback = body.get("callback_endpoint") or ""
        if callback and not _is_web_address(callback):
            raise refuse(400, "'callback_endpoint' must be a valid URL")
        here = urlsplit(call.url)
        return ExportOrder(
            workspace, segment_id, tuple(fields), tuple(attributes), str(callback), f"{here.scheme}://{here.netloc}",
            call.request_id,
        )  # fmt: skip

    def _segment(self, call: Call, segment_id: str) -> Segment:
        segment = self._segments.find(self._keys.workspace_of(call), segment_id)
        if segment is None:
            raise refuse(400, INVALID_SEGMENT)
        return segment


def _is_web_address(value: object) -> bool:
    try:
        return isinstance(value, str) and urlsplit(value).scheme in ("http", "https")
    except ValueError:
        return False
