"""A backup that somebody made up ends in words: nothing is written outside of the store's places."""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailcase.clock import utcnow
from mailcase.errors import Permanent
from mailcase.store import tables as t
from mailcase.store.raw import RawPlace, RawSetting
from mailcase.store.raw.files import Files
from tests.contract.backup_kit import FILES, Place, take

STRANGE = b"evil content\n"
NAME = hashlib.sha256(STRANGE).hexdigest()
IN_STORE = RawSetting("store")
HUGE = str(3 << 30)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a mail, its raw bytes in the store too, and a backup of it."""
    lite = Place("sqlite:///mailcase.db", tmp_path_factory.mktemp("made"), IN_STORE)
    store = lite.open()
    take(store, "1")
    lite.save()
    store.close()
    return lite.folder


@pytest.fixture
def lite(made: Path, tmp_path: Path) -> Place:
    """A copy of it, below a folder that is watched."""
    return Place("sqlite:///mailcase.db", shutil.copytree(made, tmp_path / "deep" / "state"), IN_STORE)


@dataclass
class Forged:
    """What is changed in a backup."""

    manifest: Mapping[str, Any] | bytes = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # of the manifest, in PAX
    more: tuple[tarfile.TarInfo, bytes] | None = None

    def forge(self, file: Path) -> None:
        """Write it over the file."""
        with tarfile.open(file) as whole:
            members = {one.name: whole.extractfile(one).read() for one in whole.getmembers() if "raw/" not in one.name}  # type: ignore[union-attr]  # all are files
        del members["end.json"]
        if isinstance(self.manifest, bytes):
            members["manifest.json"] = self.manifest
        else:
            members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | self.manifest).encode()
        with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in members.items():
                self._add(tar, part(name), content, self.headers if name == "manifest.json" else {})
            if self.more is not None:
                self._add(tar, *self.more, {})
            raw = self.more is not None and self.more[0].name.startswith("raw/")
            self._add(tar, part("end.json"), json.dumps({"raw": int(raw)}).encode(), {})

    def _add(self, tar: tarfile.TarFile, one: tarfile.TarInfo, content: bytes, headers: Mapping[str, str]) -> None:
        one.size, one.pax_headers = len(content), dict(headers)
        tar.addfile(one, io.BytesIO(content))


def part(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def sparse(name: str) -> dict[str, str]:
    """A file of one block that claims to be 3 GB."""
    return {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name, "GNU.sparse.realsize": HUGE}


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (Forged(b"[" * 200_000), "its manifest cannot be read"),
        (Forged(b" " * 2_000_000), "'manifest.json' has 2000000 bytes"),
        (Forged(b"0\n".ljust(512, b"\0"), sparse("manifest.json")), "'manifest.json' is no file"),
        *[
            (Forged({key: value}), "its manifest cannot be read")
            for key, values in {
                "hashes": (5, {"store.sqlite": 5}), "schema": (["x"], "1\x1b[2J"), "counts": ([], {"a": "b"}),
                "last_number": ("9", None), "keys": (7, [5], [""], ["a/.."], ["a\0b"]), "more": (1,),
            }.items()
            for value in values
        ],
        (Forged({"keys": ["a", "b", "c"]}), "of 3 keys 2 are in it"),
        (Forged(more=(part("raw/x", tarfile.SYMTYPE, "/etc/passwd"), b"")), "'raw/x' is no file"),
        (Forged(more=(part("raw/x", tarfile.LNKTYPE, "manifest.json"), b"")), "'raw/x' is no file"),
        (Forged(more=(part("keys/9", tarfile.DIRTYPE), b"")), "'keys/9' is no file"),
        (Forged(more=(part("raw/file:raw/x\x1b[2J"), b"x")), r"raw mail 'x\x1b[2J' is none: that is no sha256"),
        (Forged(more=(part(f"raw/file:raw/{NAME[:2]}/{NAME}"), b"x")), "is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_forged_part_is_refused_in_words(lite: Place, forged: Forged, said: str) -> None:
    forged.forge(lite.file)
    with pytest.raises(Permanent) as refused:
        lite.restore(replace=True)
    assert said in str(refused.value)


@pytest.mark.parametrize("headers", [{"size": "9" * 30}, {"size": HUGE}, {"size": "-5"}, {"path": "\udcff"}])
def test_a_forged_header_is_refused_in_words(lite: Place, headers: Mapping[str, str]) -> None:
    Forged(headers=headers).forge(lite.file)
    with pytest.raises(Permanent):
        lite.restore(replace=True)


def test_headers_of_headers_without_end_are_refused_in_words(lite: Place) -> None:
    header = part("x", tarfile.XHDTYPE).tobuf()
    lite.file.write_bytes(header * 5000)
    with pytest.raises(Permanent, match="is no backup of mailcase"):
        lite.restore(replace=True)


@pytest.mark.parametrize(
    "place",
    [
        lambda folder: f"file:{folder}/OUTSIDE",
        lambda _: "file:../OUTSIDE",
        lambda folder: f"file:{folder}/deep/state/raw/../../../OUTSIDE",
        lambda _: "file:~/OUTSIDE",
        lambda _: "file:~nobody-of-that-name/OUTSIDE",
        lambda _: "file:" + "a\0b" * 40,  # so long a name is written with its zeros
        lambda _: "s3://other-bucket",
        lambda _: "OUTSIDE",
    ],
)
def test_no_raw_mail_is_laid_outside_of_the_state_folder(
    lite: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Callable[[Path], str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Forged(more=(part(f"raw/{place(tmp_path)}/{NAME[:2]}/{NAME}"), STRANGE)).forge(lite.file)
    with pytest.raises(Permanent, match=r"outside of .*: set \[store\] raw to a folder"):
        lite.restore(replace=True)
    assert [one.name for one in tmp_path.iterdir()] == ["deep"]
    assert not list(tmp_path.rglob(NAME))


def test_a_folder_of_before_is_laid_below_the_state_folder_or_into_the_configured_one(
    lite: Place, tmp_path: Path
) -> None:
    Forged(more=(part(f"raw/file:raw/{NAME[:2]}/{NAME}"), STRANGE)).forge(lite.file)
    assert lite.restore(replace=True).raw == 1
    assert (lite.folder / "raw" / NAME[:2] / NAME).read_bytes() == STRANGE
    Forged(more=(part(f"raw/file:{tmp_path}/OUTSIDE/{NAME[:2]}/{NAME}"), STRANGE)).forge(lite.file)
    assert replace(lite, raw=RawSetting("file:new/")).restore(replace=True).raw == 1
    assert (lite.folder / "new" / NAME[:2] / NAME).read_bytes() == STRANGE
    assert not (tmp_path / "OUTSIDE").exists()


def test_a_row_that_names_no_hash_reaches_no_other_file(tmp_path: Path) -> None:
    lite = Place("sqlite:///mailcase.db", tmp_path / "state", FILES)
    lite.folder.mkdir()
    store = lite.open()
    take(store, "1")
    victim = lite.folder / "raw" / "victim"
    victim.write_text("precious")
    place = RawPlace.parse(FILES, lite.folder)
    with store._engines.write() as conn:
        conn.execute(sa.insert(t.raw).values(sha256="../victim", size=1, location="file:raw/../../victim"))
        real = conn.execute(sa.select(t.raw.c.sha256).where(t.raw.c.sha256 != "../victim")).scalar_one()
        assert place.remove(conn, ["../victim", real], utcnow()) == 2  # one bad row keeps no other from being removed
    assert victim.read_text() == "precious"
    for reach in (Files("file:raw", lite.folder / "raw").get, store.raw):
        with pytest.raises(Permanent):
            reach("../victim")
    with pytest.raises(Permanent, match="that is no sha256"):
        Files("file:raw", lite.folder / "raw").remove(["../victim"])
    store.close()
