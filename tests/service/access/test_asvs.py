"""The table of OWASP ASVS has every requirement of levels 1 and 2 once, and names nothing that does not exist."""

import re
from collections import Counter
from pathlib import Path

from service.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "service" / "access" / "ASVS.md").read_text()
STATES = ("met", "partly", "not met", "operator", "n/a")
LEVELS_1_AND_2 = """
1.1: 1 2. 1.2: 1 2 3 4 5 6 7 8 9. 1.3: 1 2 3 4 5 6 7 8 9 10 11. 1.4: 1 2 3. 1.5: 1 2. 2.1: 1 2 3. 2.2: 1 2 3.
2.3: 1 2 3 4. 2.4: 1. 3.2: 1 2. 3.3: 1 2 3 4. 3.4: 1 2 3 4 5 6. 3.5: 1 2 3 4 5. 3.7: 1 2. 4.1: 1 2 3. 4.2: 1.
4.3: 1 2. 4.4: 1 2 3 4. 5.1: 1. 5.2: 1 2 3. 5.3: 1 2. 5.4: 1 2 3. 6.1: 1 2 3. 6.2: 1 2 3 4 5 6 7 8 9 10 11 12.
6.3: 1 2 3 4. 6.4: 1 2 3 4. 6.5: 1 2 3 4 5. 6.6: 1 2 3. 6.8: 1 2 3 4. 7.1: 1 2 3. 7.2: 1 2 3 4. 7.3: 1 2.
7.4: 1 2 3 4 5. 7.5: 1 2. 7.6: 1 2. 8.1: 1 2. 8.2: 1 2 3. 8.3: 1. 8.4: 1. 9.1: 1 2 3. 9.2: 1 2 3 4. 10.1: 1 2.
10.2: 1 2. 10.3: 1 2 3 4. 10.4: 1 2 3 4 5 6 7 8 9 10 11. 10.5: 1 2 3 4 5. 10.6: 1 2. 10.7: 1 2 3. 11.1: 1 2.
11.2: 1 2 3. 11.3: 1 2 3. 11.4: 1 2 3 4. 11.5: 1. 11.6: 1. 12.1: 1 2 3. 12.2: 1 2. 12.3: 1 2 3 4. 13.1: 1.
13.2: 1 2 3 4 5. 13.3: 1 2. 13.4: 1 2 3 4 5. 14.1: 1 2. 14.2: 1 2 3 4. 14.3: 1 2 3. 15.1: 1 2 3. 15.2: 1 2 3.
15.3: 1 2 3 4 5 6 7. 16.1: 1. 16.2: 1 2 3 4 5. 16.3: 1 2 3 4. 16.4: 1 2 3. 16.5: 1 2 3. 17.1: 1. 17.2: 1 2 3 4.
17.3: 1 2.
"""
"""By section, of version 5.0.0: 70 of level 1 and 183 of level 2."""


def rows() -> list[list[str]]:
    found = [line for line in TEXT.splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def test_every_requirement_is_there_once() -> None:
    wanted = {
        f"{section}.{number}"
        for section, numbers in re.findall(r"(\d+\.\d+):((?: \d+)+)\.", LEVELS_1_AND_2)
        for number in numbers.split()
    }
    assert len(wanted) == 253
    stated = Counter(one for numbers, *_ in rows() for one in numbers.split(", "))
    assert set(stated) - wanted == set()
    assert wanted - set(stated) == set()
    assert [one for one, times in stated.items() if times > 1] == []


def test_every_row_has_a_state_and_a_reason() -> None:
    for numbers, state, reason in rows():
        assert state in STATES, numbers
        assert reason, numbers


def test_every_file_and_setting_that_is_named_exists() -> None:
    files = set(
        re.findall(r"`((?:service|matcher|tests)/[\w./]*|pyproject\.toml|Dockerfile|requirements\.lock)`", TEXT)
    )
    assert len(files) > 40
    assert [one for one in sorted(files) if not (ROOT / one).exists()] == []
    known = {f"JISR_{name.upper()}" for name in Settings.model_fields} | {"JISR_HOME"}
    assert set(re.findall(r"\bJISR_\w+", TEXT)) <= known


def test_every_section_of_the_readme_that_is_named_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    for some in re.findall(r"README\.md, ((?:\"[^\"]+\"(?: and )?)+)", TEXT):
        for name in re.findall(r"\"([^\"]+)\"", some):
            assert re.search(rf"^##+ {re.escape(name)}$", readme, re.MULTILINE), name
    assert "`service/access/ASVS.md`" in readme
