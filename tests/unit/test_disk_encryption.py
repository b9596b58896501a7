"""Whether a home lies on an encrypted disk, by a made-up kernel's word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.cli.trust.disk import DiskEncryption, disk_encryption, in_words


class Kernel:
    """Block devices of a machine, the first of which has the folder."""

    def __init__(self, folder: Path) -> None:
        self.system = folder / "block"
        self._folder = folder
        self._devices = folder / "devices"

    def device(self, name: str, *below: str, uuid: str = "") -> None:
        place = self._devices / name
        (place / "slaves").mkdir(parents=True)
        if uuid:
            (place / "dm").mkdir()
            (place / "dm" / "uuid").write_text(f"{uuid}\n", encoding="ascii")
        for other in below:
            (place / "slaves" / other).symlink_to(self._devices / other)

    def said(self, name: str) -> DiskEncryption:
        number = self._folder.stat().st_dev
        self.system.mkdir()
        link = self.system / f"{os.major(number)}:{os.minor(number)}"
        if name:
            link.symlink_to(self._devices / name)
        return disk_encryption(self._folder, self.system)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    kernel = Kernel(tmp_path)
    kernel.device("sda1")
    kernel.device("sdb1")
    kernel.device("luks", "sda1", uuid="CRYPT-LUKS2-0123-home")
    kernel.device("second", "sdb1", uuid="CRYPT-PLAIN-other")
    return kernel


def test_a_disk_that_the_kernel_encrypts_is_encrypted(kernel: Kernel) -> None:
    assert kernel.said("luks") is DiskEncryption.ENCRYPTED


def test_a_volume_on_an_encrypted_disk_is_encrypted(kernel: Kernel) -> None:
    kernel.device("volume", "luks", uuid="LVM-abc")
    assert kernel.said("volume") is DiskEncryption.ENCRYPTED


def test_a_volume_over_two_disks_needs_both_encrypted(kernel: Kernel) -> None:
    kernel.device("volume", "luks", "sdb1", uuid="LVM-abc")
    assert kernel.said("volume") is DiskEncryption.NOT_SEEN


def test_a_raid_of_two_encrypted_disks_is_encrypted(kernel: Kernel) -> None:
    kernel.device("md0", "luks", "second")
    assert kernel.said("md0") is DiskEncryption.ENCRYPTED


def test_of_a_plain_disk_no_encryption_is_seen(kernel: Kernel) -> None:
    assert kernel.said("sda1") is DiskEncryption.NOT_SEEN


def test_a_file_system_without_a_device_can_not_be_told(kernel: Kernel) -> None:
    assert kernel.said("") is DiskEncryption.UNKNOWN


@pytest.mark.parametrize("found", DiskEncryption)
def test_what_is_not_encrypted_says_where_the_loss_is_described(found: DiskEncryption) -> None:
    is_told = "docs/trust-sealed.md" in in_words(found)
    assert is_told is (found is not DiskEncryption.ENCRYPTED)


def test_the_disk_of_this_machine_is_asked_without_an_error(tmp_path: Path) -> None:
    assert disk_encryption(tmp_path) in DiskEncryption
