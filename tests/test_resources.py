"""Where the shipped files lie."""

from __future__ import annotations

import pytest

from simulator import resources


@pytest.mark.parametrize("name", ["contracts", "scenarios", "fixtures"])
def test_the_shipped_folders_are_found(name: str) -> None:
    assert resources.folder(name).is_dir()


def test_a_missing_folder_says_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match="install it again"):
        resources.folder("nothing")


def test_a_contract_is_found_by_its_service() -> None:
    assert resources.contract_path("braze").is_file()
