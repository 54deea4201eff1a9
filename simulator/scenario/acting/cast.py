"""Who is who: the people of a scenario with their identifiers in both systems and what their phones hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Phone:
    """What the app on a person's phone holds: the ids that Amplitude's SDK sends, and the device Braze's SDK is on."""

    user_id: str | None = None
    device_id: str | None = None
    braze_device_id: str | None = None


@dataclass(slots=True)
class Character:
    """One person of the file, or one generated person that a step named."""

    name: str
    phone: Phone = field(default_factory=Phone)
    amplitude_ids: list[int] = field(default_factory=list)
    braze_ids: list[str] = field(default_factory=list)


class Cast:
    """Names to identifiers and back. The first person whom an id belonged to keeps it in reports."""

    def __init__(self) -> None:
        self._characters: dict[str, Character] = {}
        self._of_amplitude: dict[int, str] = {}
        self._of_braze: dict[str, str] = {}

    def enter(self, character: Character) -> None:
        """Add a person."""
        self._characters[character.name] = character
        self.know_amplitude(character.name, character.amplitude_ids)
        self.know_braze(character.name, character.braze_ids)

    def adopt(self, character: Character) -> None:
        """Add one of the generated people, whose ids are known already."""
        name = character.name
        character.amplitude_ids += [number for number, owner in self._of_amplitude.items() if owner == name]
        character.braze_ids += [braze_id for braze_id, owner in self._of_braze.items() if owner == name]
        self._characters[name] = character

    def __getitem__(self, name: str) -> Character:
        return self._characters[name]

    def __contains__(self, name: str) -> bool:
        return name in self._characters

    def named(self) -> list[str]:
        """The people under `people`, in the order of the file."""
        return list(self._characters)

    def know_amplitude(self, name: str, amplitude_ids: Iterable[int]) -> None:
        """Amplitude knows the person by these ids (too)."""
        for amplitude_id in amplitude_ids:
            self._of_amplitude.setdefault(amplitude_id, name)
            own = self._characters[name].amplitude_ids if name in self._characters else None
            if own is not None and amplitude_id not in own:
                own.append(amplitude_id)

    def know_braze(self, name: str, braze_ids: Iterable[str]) -> None:
        """Braze knows the person by these profiles (too)."""
        for braze_id in braze_ids:
            self._of_braze.setdefault(braze_id, name)
            own = self._characters[name].braze_ids if name in self._characters else None
            if own is not None and braze_id not in own:
                own.append(braze_id)

    def by_amplitude_id(self, amplitude_id: int | str) -> str | None:
        """The person of an Amplitude id."""
        return self._of_amplitude.get(int(amplitude_id))

    def by_braze_id(self, braze_id: str) -> str | None:
        """The person of a Braze profile."""
        return self._of_braze.get(braze_id)
