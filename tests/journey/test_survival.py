"""A power cut in the middle of the day."""

from pathlib import Path

from benchmarks.survival import survive


def test_what_was_accepted_has_one_outcome_after_a_kill(tmp_path: Path) -> None:
    result = survive(tmp_path, posts=9, kill_after=4)
    assert result.accepted == result.with_outcome == 9
    assert result.accepted_before_kill >= 4
    assert (result.people, result.twice) == (9, 0)
