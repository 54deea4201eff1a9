"""The users and devices that one batch touches, read at once, changed in memory and written at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from simulator.fakes.amplitude.projects import Project, Projects
from simulator.fakes.amplitude.store.users import UserRecord, Users
from simulator.ledger import Entry
from simulator.rules.instants import Instant
from simulator.rules.resolution import Device, IdentityChange, Resolution, device_after, resolve


def is_name(user_id: str | None) -> bool:
    """Whether a user id says who somebody is; one made of blanks is none (MAP-6)."""
    return user_id is not None and bool(user_id.strip())


@dataclass(slots=True)
class WorkingSet:
    """What is known at the start of a batch, and what the batch has made of it so far."""

    project: Project
    next_id: int
    users: dict[int, UserRecord] = field(default_factory=dict)
    user_ids: dict[str, int] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    changed_users: dict[int, UserRecord] = field(default_factory=dict)
    changed_devices: dict[str, Device] = field(default_factory=dict)
    touched: dict[int, None] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def load(
        cls,
        project: Project,
        projects: Projects,
        store: Users,
        user_ids: Collection[str],
        device_ids: Collection[str],
        *,
        across_projects: bool,
    ) -> WorkingSet:
        """Read every user and device that these ids may concern."""
        working = cls(project, projects.next_id(project))
        found = store.by_user_id(project, user_ids) if user_ids else {}
        working.user_ids = {user_id: record.amplitude_id for user_id, record in found.items()}
        working.users = {record.amplitude_id: record for record in found.values()}
        working.devices = store.devices(project, device_ids) if device_ids else {}
        on_devices = {
            each
            for device in working.devices.values()
            for each in (device.anonymous_id, device.last_user_id)
            if each is not None and each not in working.users
        }
        if on_devices:
            working.users.update(store.by_amplitude_id(project, on_devices))
        if across_projects and device_ids and len(projects.all()) > 1:
            working.elsewhere = store.devices_elsewhere(project, device_ids)
        return working

    def save(self, projects: Projects, store: Users) -> None:
        """Write what the batch changed."""
        store.save(self.project, self.changed_users.values())
        store.save_devices(self.project, self.changed_devices)
        projects.keep_id(self.project, self.next_id)

    def owner(self, user_id: str | None, device_id: str | None, at: Instant) -> UserRecord:
        """Whose event this is (ID-1 to ID-5); makes, names and merges users as the rules say."""
        device = self.devices.get(device_id) if device_id is not None else None
        user_id = user_id if is_name(user_id) else None
        if user_id is None and device_id in self.elsewhere and (device is None or device.last_user_id is None):
            # "Amplitude will assume the device ID is tied to that user ID in all projects."
            user_id = self.elsewhere[device_id]
        named = user_id is not None
        known = None if user_id is None else self.user_ids.get(user_id)
        resolution = resolve(named, known, device)
        record = self._apply(resolution, user_id, at)
        self.touched[record.amplitude_id] = None
        if device_id is not None:
            after = device_after(named, device, record.amplitude_id)
            if after != device:
                self.devices[device_id] = self.changed_devices[device_id] = after
        if resolution.change is not IdentityChange.NONE:
            self._explain(resolution, record, user_id, device_id)
        return record

    def _apply(self, resolution: Resolution, user_id: str | None, at: Instant) -> UserRecord:
        if resolution.amplitude_id is None:
            record = UserRecord(self.next_id, user_id, created_at=at)
            self.users[record.amplitude_id] = record
            self.next_id += 1
        else:
            record = self.users[resolution.amplitude_id]
        if resolution.adopts:
            record.user_id = user_id
        if record.user_id is not None:
            self.user_ids[record.user_id] = record.amplitude_id
        if resolution.merged_id is not None:
            merged = self.users[resolution.merged_id]
            merged.merged_into, merged.merged_at = record.amplitude_id, at
            self.changed_users[merged.amplitude_id] = merged
            self.touched[merged.amplitude_id] = None
        self.changed_users[record.amplitude_id] = record
        return record

    def _explain(self, resolution: Resolution, record: UserRecord, user_id: str | None, device_id: str | None) -> None:
        who = ", ".join(
            f"{name} {value}" for name, value in (("user_id", user_id), ("device_id", device_id)) if value is not None
        )
        rules = (resolution.rule,)
        self.entries.append(Entry(str(record.amplitude_id), "", None, resolution.change, rules, who))
        if resolution.merged_id is not None:
            note = f"merged into {record.amplitude_id}"
            self.entries.append(Entry(str(resolution.merged_id), "", None, resolution.change, rules, note))
