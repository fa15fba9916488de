"""Artefacts: whole or absent, named by digest, verified when read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.artifacts import ArtifactStore, digest_of
from addenda.errors import InvalidInput, LedgerBroken, StorageUnavailable


@given(st.lists(st.binary(max_size=50)))
def test_what_was_put_is_got(tmp_path_factory: pytest.TempPathFactory, items: list[bytes]) -> None:
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    digests = store.put_many(items)
    assert digests == [digest_of(item) for item in items]
    assert [store.get(digest) for digest in digests] == items
    assert list(store.digests()) == sorted(set(digests))


def test_putting_again_gives_the_same_digest_and_one_file(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "new" / "folder")
    assert store.put(b"delta") == store.put(b"delta")
    assert list(store.digests()) == [digest_of(b"delta")]


def test_many_more_than_one_batch_keep_their_order(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    items = [str(n % 700).encode() for n in range(1000)]
    assert [store.get(digest) for digest in store.put_many(iter(items))] == items


def test_an_altered_file_is_found_and_healed_by_putting_again(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    digest = store.put(b"delta")
    path = tmp_path / digest[:2] / digest
    path.write_bytes(b"Delta")
    with pytest.raises(LedgerBroken, match="altered"):
        store.get(digest)
    store.put(b"delta")
    assert store.get(digest) == b"delta"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    digest = digest_of(b"never stored")
    with pytest.raises(LedgerBroken, match=digest):
        ArtifactStore(tmp_path).get(digest)
    assert digest not in ArtifactStore(tmp_path)


def test_discarded_is_gone(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    digest = store.put(b"delta")
    assert digest in store
    assert store.discard(digest)
    assert not store.discard(digest)
    assert digest not in store
    assert list(store.digests()) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 32 + "\n"])
def test_what_is_no_digest_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="no digest"):
        ArtifactStore(tmp_path).get(name)


def test_tidy_deletes_old_leftovers_only(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    digest = store.put(b"delta")
    old, young = tmp_path / "incoming" / "old", tmp_path / "incoming" / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.tidy() == 1
    assert young.exists()
    assert store.tidy(timedelta(0)) == 1
    assert store.get(digest) == b"delta"


def test_a_store_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "later")
    assert list(store.digests()) == []
    assert store.tidy() == 0
    assert not store.discard(digest_of(b""))


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="then try again"):
        ArtifactStore(tmp_path / "file").put(b"delta")


def test_threads_can_store_the_same_things_at_once(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    items = [str(n).encode() for n in range(50)]
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append(store.put_many(items))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[digest_of(item) for item in items]] * 4
    assert list((tmp_path / "incoming").iterdir()) == []


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from addenda.artifacts import ArtifactStore
from addenda.errors import StorageUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
store = ArtifactStore(Path(sys.argv[1]))
store.put(b"small")
try:
    store.put_many([b"also small", b"x" * 20_000])
except StorageUnavailable as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, tmp_path], capture_output=True, text=True, check=True)
    assert "cannot use the artefacts" in done.stdout
    store = ArtifactStore(tmp_path)
    assert store.get(digest_of(b"small")) == b"small"
    assert all(store.get(digest) for digest in store.digests())
    assert digest_of(b"x" * 20_000) not in store
    assert list((tmp_path / "incoming").iterdir()) == []


KILLED = """
import sys
from pathlib import Path
from addenda.artifacts import ArtifactStore
store = ArtifactStore(Path(sys.argv[1]))
for n in range(100_000):
    print(store.put(str(n).encode() * 1000), flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    rest = process.communicate()[0].split("\n")
    acknowledged += [line for line in rest if len(line) == 64]
    store = ArtifactStore(tmp_path)
    assert all(store.get(digest) for digest in acknowledged)
    assert all(store.get(digest) for digest in store.digests())
    store.tidy(timedelta(0))
    assert list((tmp_path / "incoming").iterdir()) == []
