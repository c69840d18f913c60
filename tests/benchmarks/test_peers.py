import tempfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import PEERS
from benchmarks.peers.faiss_indexes import Flat


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_finds_what_the_flat_scan_finds(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(400, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    probes = rows[:30] + rng.normal(scale=0.05, size=(30, 128)).astype(np.float32)
    flat = Flat(128, 2)
    try:
        peer = PEERS[name](128, 2)
    except ImportError as error:
        pytest.skip(str(error))
    for index in (flat, peer):
        index.add(rows[:150])
        index.add(rows[150:])
        index.finish()
    most = peer.efforts[-1]
    wanted, found = flat.search(probes, 10, 0), peer.search(probes, 10, most)
    assert found[:, 0].tolist() == list(range(30))
    assert np.mean([np.isin(ours, theirs).mean() for ours, theirs in zip(found, wanted, strict=True)]) > 0.98
    assert peer.search(probes[7:8], 10, most).tolist() == [found[7].tolist()]
    del peer, index
    assert not list(tmp_path.iterdir())
