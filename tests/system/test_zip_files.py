"""Directories as zip files, and zip files of others: what leads elsewhere, or fills a disk, is refused."""

import io
import re
import struct
import warnings
import zipfile

import pytest

from cartrl.errors import UsageError
from cartrl.system import zip_files
from tests.helpers import everything_below

NAMES = re.compile(r"[a-c]/[a-z]+\.txt")


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    """Return a zip file of (name, content) pairs, whatever the names are."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name twice
        for name, content in entries:
            archive.writestr(name, content)
    return written.getvalue()


def encrypted():
    """Return a zip file whose flags say that its file is encrypted."""
    content = bytearray(zipped([("a/one.txt", b"1")]))
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.index(signature) + place
        content[at : at + 2] = struct.pack("<H", 1)
    return bytes(content)


def damaged():
    content = bytearray(zipped([("a/one.txt", bytes(range(256)) * 20)]))
    content[60] ^= 255
    return bytes(content)


HOSTILE = {
    "up": (zipped([("../up.txt", b"1")]), "holds '../up.txt', which is no file that belongs there"),
    "hidden": (zipped([("a/../../up.txt", b"1")]), "which is no file that belongs there"),
    "absolute": (zipped([("/tmp/up.txt", b"1")]), "which is no file that belongs there"),
    "folder": (zipped([("a/", b"")]), "holds 'a/', which"),
    "encrypted": (encrypted(), "holds 'a/one.txt', which"),
    "twice": (zipped([("a/one.txt", b"1"), ("b/x.txt", b""), ("a/one.txt", b"2")]), "holds 'a/one.txt' twice"),
    "bomb": (zipped([("a/one.txt", bytes(10**7))]), "would be unpacked to 10,000,000 bytes, over 200 times as many"),
    "many": (zipped([(f"a/{name}.txt", b"") for name in "pqrstuvwxyz"]), "holds 11 files, and 10 are the most"),
    "lzma": (zipped([("a/one.txt", b"1")], zipfile.ZIP_LZMA), "is compressed by method 14, and only 0 and 8 are read"),
    "text": (b"iteration,loss\n", "not a zip file, or a damaged one: File is not a zip file"),
    "empty": (b"", "not a zip file"),
    "cut": (zipped([("a/one.txt", b"1" * 1000)])[:-30], "not a zip file"),
    "damaged": (damaged(), "not a zip file, or a damaged one"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_and_leaves_nothing_elsewhere(tmp_path, kind):
    content, said = HOSTILE[kind]
    (tmp_path / "it.zip").write_bytes(content)
    place = tmp_path / "here" / "inside"
    place.mkdir(parents=True)
    with pytest.raises(UsageError, match=re.escape(said)) as refused:
        zip_files.unpack(tmp_path / "it.zip", place, NAMES, 10)
    assert str(refused.value).startswith(f"{tmp_path}/it.zip: ")
    assert len(str(refused.value).splitlines()) == 1
    assert {path.name for path in tmp_path.rglob("*.txt")} <= {"one.txt"}
    assert not list(tmp_path.glob("*.txt"))


def test_a_name_that_is_a_link_becomes_a_file(tmp_path):
    entry = zipfile.ZipInfo("a/one.txt")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr(entry, "/etc/hostname")
    zip_files.unpack(tmp_path / "it.zip", tmp_path, NAMES, 1)
    assert not (tmp_path / "a/one.txt").is_symlink()
    assert (tmp_path / "a/one.txt").read_text() == "/etc/hostname"


def test_a_directory_comes_back_and_two_of_them_give_the_same_file(tmp_path):
    for home in ("first", "second"):
        for name in ("b/two.txt", "a/one.txt"):
            (tmp_path / home / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / home / name).write_text(f"{name}\n" * 100)
        zip_files.pack(tmp_path / home, tmp_path / f"{home}.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    zip_files.unpack(tmp_path / "first.zip", tmp_path / "here", NAMES, 2)
    assert everything_below(tmp_path / "here") == everything_below(tmp_path / "first")
