"""Directories as archives: whole, checked, and with nothing that leads elsewhere."""

import io
import os
import tarfile

import pytest

from cartrl.errors import CartrlError
from cartrl.system import archives
from cartrl.system.archives import Archive
from tests.helpers import everything_below


@pytest.fixture
def run(tmp_path):
    run = tmp_path / "there" / "seed-3"
    (run / "checkpoints" / "00000005").mkdir(parents=True)
    (run / "metrics.csv").write_bytes(b"iteration\n0\n")
    (run / "checkpoints" / "00000005" / "learner.npz").write_bytes(os.urandom(100_000))
    (run / "empty").mkdir()
    os.link(run / "metrics.csv", run / "second-name.csv")
    return run


def test_a_directory_comes_back_as_it_was_but_for_what_belongs_to_a_process(run, tmp_path):
    before = everything_below(run)
    (run / ".lock").write_text("1 on elsewhere\n")
    (run / ".draft-elsewhere-1-metrics.csv").write_text("half")
    (run / "link").symlink_to("/etc/hostname")
    here = tmp_path / "here"
    here.mkdir()
    (here / "older").write_text("an earlier attempt")
    archives.unpack(archives.pack(run), here)
    assert everything_below(here) == before


def test_one_that_was_damaged_on_the_way_changes_nothing(run, tmp_path):
    content, sha256 = archives.pack(run)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 1
    with pytest.raises(CartrlError, match="its SHA-256 differs"):
        archives.unpack(Archive(bytes(damaged), sha256), tmp_path / "here")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "checkpoints/../../outside"])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE])
def test_one_that_leads_elsewhere_is_refused(tmp_path, name, kind):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)
    archive = written.getvalue()
    with pytest.raises(CartrlError, match="which is no file of a run"):
        archives.unpack(Archive(archive, archives.sha256_of(archive)), tmp_path / "here")
    assert list(tmp_path.iterdir()) == []
