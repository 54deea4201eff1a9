"""The operations of the Behavioral Cohorts API, each a function of a project and a call."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from simulator.fakes.amplitude.access import Access, ProjectHandler
from simulator.fakes.amplitude.cohorts.api.changes import CohortChanges
from simulator.fakes.amplitude.cohorts.api.exports import LINK_VALID_MS, Export, Exports, packed
from simulator.fakes.amplitude.cohorts.api.limits import (
    DOWNLOADS_A_MONTH,
    MEMBERS_TO_DOWNLOAD,
    CohortLimits,
    next_month,
)
from simulator.fakes.amplitude.cohorts.api.objects import SyncInfoProvider, cohort_object, no_syncs
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.cohorts.facade import Cohorts, Stores
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.wire import dashboard_error, detailed_error
from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.feeds import UnknownCohort
from simulator.rules.instants import SECOND_MS, format_instant

TRUE = ("true", "1")


class CohortApi:
    """Give `sync_info` a provider to have the list say what each cohort is synced to."""

    def __init__(self, cohorts: Cohorts, stores: Stores, *, limited: bool) -> None:
        self._cohorts = cohorts
        self._users = stores.users
        self._projects = stores.projects
        self.limits = CohortLimits(stores.database, limited)
        self.exports = Exports(stores.database, stores.seed, cohorts.catalogue, cohorts.members_table, stores.users)
        self._changes = CohortChanges(cohorts, stores.projects, stores.users, self.limits)
        self.sync_info: SyncInfoProvider = no_syncs
        self.members_to_download = MEMBERS_TO_DOWNLOAD

    def handlers(self, access: Access) -> dict[str, Handler]:
        """Every operation under its operationId; all but the pre-signed link ask for the project's keys."""
        of_project: dict[str, ProjectHandler] = {
            "listCohorts": self.list_cohorts,
            "getCohort": self.get_cohort,
            "getCohortUsage": self.usage,
            "requestCohortExport": self.request_export,
            "getCohortExportStatus": self.export_status,
            "downloadCohortExport": self.download,
            "uploadCohort": self._changes.upload,
            "updateCohortMembership": self._changes.membership,
        }
        bound: dict[str, Handler] = {name: access.basic(handler) for name, handler in of_project.items()}
        return {**bound, "fetchCohortExport": self.fetch}

    # --- reads -------------------------------------------------------------------------------------

    def list_cohorts(self, project: Project, call: Call) -> Reply:
        """Every discoverable cohort, with its syncs when `includeSyncInfo` is true."""
        with_syncs = (call.argument("includeSyncInfo") or "").lower() in TRUE
        self._cohorts.due_work.catch_up(call.at)
        shown = [
            cohort_object(each, project, self.sync_info(project.name, each.cohort_id) if with_syncs else None)
            for each in self._cohorts.all(project.name)
            if each.published
        ]
        return Reply(200, {"cohorts": shown})

    def get_cohort(self, project: Project, call: Call) -> Reply:
        """One cohort and everybody in it, at once; computed if it never was. Undocumented, works live."""
        cohort = self._cohorts.compute(self._find(project, call).cohort_id, project=project.name)
        amplitude_ids: list[int] = []
        user_ids: list[str] = []
        for page in self._cohorts.members_table.pages(cohort):
            amplitude_ids += page
            records = self._users.by_amplitude_id(project, page).values()
            user_ids += [each.user_id for each in records if each.user_id is not None]
        shown = cohort_object(cohort, project)
        return Reply(200, {"cohort": shown, "amplitude_ids": amplitude_ids, "user_ids": user_ids})

    def usage(self, project: Project, call: Call) -> Reply:
        """How many of the month's downloads are used up, and when the count starts again."""
        used = self.limits.used_this_month(project, call.at)
        resets_at = format_instant(next_month(call.at))
        return Reply(200, {"rest_download": {"limit": DOWNLOADS_A_MONTH, "usage": used, "resets_at": resets_at}})

    # --- exports -----------------------------------------------------------------------------------

    def request_export(self, project: Project, call: Call) -> Reply:
        """Begin an export job; the cohort is computed now. The page speaks of discoverable cohorts: others are 404."""
        found = self._find(project, call)
        if not found.published:
            raise Problem(detailed_error(404, "not_found", f"There is no cohort {found.cohort_id}"))
        properties = call.argument("props", "0")
        if properties not in ("0", "1"):
            raise Problem(detailed_error(400, "invalid_request", "props must be 0 or 1"))
        refusal = self.limits.refusal(project, call.at)
        if refusal:
            raise Problem(dashboard_error(429, refusal))
        cohort = self._cohorts.compute(found.cohort_id, project=project.name)
        if cohort.size > self.members_to_download:
            message = f"The cohort has {cohort.size} users; at most {self.members_to_download} can be downloaded"
            raise Problem(detailed_error(400, "cohort_too_large", message))
        export = self.exports.ask(cohort, call.at, properties=properties == "1", keys=call.query.get("propKeys", ()))
        self.limits.count(project, call.at)
        return Reply(202, {"request_id": export.request_id, "cohort_id": cohort.cohort_id})

    def export_status(self, project: Project, call: Call) -> Reply:
        """Whether the job is done; asking changes nothing."""
        export = self._export(project, call)
        ready = export.ready(call.at)
        body = {
            "request_id": export.request_id,
            "cohort_id": self.exports.cohort_of(export).cohort_id,
            "async_status": "JOB COMPLETED" if ready else "JOB INPROGRESS",
        }
        return Reply(200 if ready else 202, body)

    def download(self, project: Project, call: Call) -> Reply:
        """The file of a small cohort; for a large one a link that lives a minute."""
        export = self._export(project, call)
        if not export.ready(call.at):
            raise Problem(detailed_error(404, "not_ready", f"Request {export.request_id} is still in progress"))
        if export.size < self.exports.redirect_from:
            return self._file(project, export, call)
        address = urlsplit(call.url)
        query = urlencode(
            {
                "X-Amz-Date": str(call.at),
                "X-Amz-Expires": str(LINK_VALID_MS // SECOND_MS),
                "X-Amz-Signature": self.exports.signature(export.request_id, call.at),
            }
        )
        location = f"{address.scheme}://{address.netloc}/cohort-exports/{export.request_id}?{query}"
        return Reply(302, None, {"Location": location}, "text/html")

    def fetch(self, call: Call) -> Reply:
        """What a pre-signed link leads to. Stands for the storage that Amplitude redirects to; asks for no keys."""
        export = self.exports.find(call.path["request_id"], call.at)
        made_at = call.argument("X-Amz-Date", "")
        signed = made_at is not None and made_at.isdecimal() and len(made_at) < 16
        if (
            export is None
            or not signed
            or call.argument("X-Amz-Signature") != self.exports.signature(export.request_id, int(made_at or 0))
        ):
            return _storage_error("SignatureDoesNotMatch", "The request signature does not match")
        if not int(made_at or 0) <= call.at < int(made_at or 0) + LINK_VALID_MS:
            return _storage_error("AccessDenied", "Request has expired")
        return self._file(self._projects.named(export.project), export, call)

    def _file(self, project: Project, export: Export, call: Call) -> Reply:
        """Gzip-encoded, as clients of the live service saw it, unless the client says that it takes nothing encoded."""
        content = self.exports.file(project, export)
        accepted = call.headers.get("accept-encoding")
        if accepted is None or "gzip" in accepted or "*" in accepted:
            return Reply(200, packed(content), {"Content-Encoding": "gzip"}, "text/csv")
        return Reply(200, content, {}, "text/csv")

    def _export(self, project: Project, call: Call) -> Export:
        export = self.exports.find(call.path["request_id"], call.at, project)
        if export is None:
            raise Problem(detailed_error(404, "not_found", f"There is no request {call.path['request_id']}"))
        return export

    def _find(self, project: Project, call: Call) -> Cohort:
        cohort_id = call.path["cohort_id"]
        try:
            return self._cohorts.catalogue.by_id(project.name, cohort_id)
        except UnknownCohort:
            raise Problem(detailed_error(404, "not_found", f"There is no cohort {cohort_id}")) from None


def _storage_error(code: str, message: str) -> Reply:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(403, body, {}, "application/xml")
