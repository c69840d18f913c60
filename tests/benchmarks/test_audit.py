"""The benchmark itself, at a size that takes seconds."""

import json
import subprocess
import sys

import pytest

from benchmarks.audit import ratios


def test_a_slow_round_counts_no_more_than_another() -> None:
    usual, slow, twice = [0.01] * 100, [0.5] * 100, [0.02] * 100
    gets = {"without": [usual, slow, usual], "with": [twice, slow, twice]}
    found = ratios(gets, {"without": [usual], "with": [usual, twice]})
    assert (found["get_p99_ratio"], found["get_p50_ratio"]) == (2, 2)
    assert (found["post_p99_ratio"], found["post_p50_ratio"]) == (2, 1.5)
    assert found["get_p99_ms"] == [10, 20]
    assert (found["gets"], found["posts"]) == ([300, 300], [100, 200])
    assert found["noise"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("database", [[], ["--postgres=bundled"]], ids=["sqlite", "postgresql"])
def test_a_small_run_ends_with_one_line_of_json(database: list[str]) -> None:
    command = [sys.executable, "-m", "benchmarks.audit", "--people=20", "--readers=2", "--posters=1", *database]
    run = subprocess.run(
        [*command, "--rounds=1", "--seconds=0.5", "--posts=1"], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert min(found["get_p99_ratio"], found["post_p99_ratio"], *found["gets"], *found["posts"]) > 0
