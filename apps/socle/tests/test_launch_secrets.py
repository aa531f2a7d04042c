"""Secrets are made once, whole, and for their owner only."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from apps.socle.launch import files, secrets
from apps.socle.launch.errors import LaunchError
from tests.support.unprivileged import refusal_as_nobody

pytestmark = pytest.mark.launcher


def test_a_key_is_made_once(tmp_path):
    key = secrets.django_key(tmp_path)
    assert len(key) >= 50
    assert secrets.django_key(tmp_path) == key
    assert secrets.django_key(tmp_path / "elsewhere") != key


def test_the_master_secret_is_32_bytes_in_hexadecimal(tmp_path):
    assert len(bytes.fromhex(secrets.master_secret(tmp_path))) == 32
    assert (tmp_path / "secrets" / "master").read_text() == secrets.master_secret(tmp_path)


def test_nobody_else_may_read(tmp_path):
    old = os.umask(0)
    try:
        secrets.django_key(tmp_path)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "django-key").stat().st_mode) == 0o600


def test_several_at_once_get_the_same(tmp_path):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(secrets.django_key(tmp_path))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


def test_a_failed_write_leaves_the_old_text_and_no_draft(tmp_path, monkeypatch):
    path = tmp_path / "state"
    files.write_private(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_private(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_in_a_sentence(tmp_path, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LaunchError, match="Le disque est plein"):
        secrets.django_key(tmp_path)


def test_a_folder_of_another_account_is_said_in_a_sentence(tmp_path: Path):
    secrets.django_key(tmp_path)
    (tmp_path / "secrets").chmod(0)
    try:
        assert "appartient sans doute à un autre compte" in refusal_as_nobody(lambda: secrets.django_key(tmp_path))
    finally:
        (tmp_path / "secrets").chmod(0o700)


def test_a_file_in_the_place_of_the_folder_is_said_in_a_sentence(tmp_path):
    (tmp_path / "var").write_text("")
    with pytest.raises(LaunchError, match="ce n'est pas un dossier"):
        secrets.django_key(tmp_path / "var")
