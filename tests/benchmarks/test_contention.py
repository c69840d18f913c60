"""The benchmark itself, at a size that takes seconds."""

import json
import subprocess
import sys

import pytest

from benchmarks.contention import ratios


def test_ratios_are_of_the_99th_percentiles() -> None:
    quick, slow = [0.001] * 98 + [0.1] * 2, [0.002] * 98 + [0.3] * 2
    found = ratios({"get": quick, "post": quick}, {"get": slow, "post": quick})
    assert found["get_p99_ratio"] == pytest.approx(3, abs=0.01)
    assert found["get_p99_ms"] == pytest.approx([100, 300], abs=1)
    assert found["post_p99_ratio"] == 1


@pytest.mark.slow
def test_a_small_run_ends_with_one_line_of_json() -> None:
    command = [sys.executable, "-m", "benchmarks.contention", "--people=300", "--enrolments=8", "--rounds=1"]
    run = subprocess.run(
        [*command, "--seconds=1", "--database=bundled"], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    for name in ("conclusions_per_second", "search_many_per_second", "post_p99_ratio", "get_p99_ratio"):
        assert found[name] > 0
    assert min(*found["gets"], *found["posts"]) >= 1
