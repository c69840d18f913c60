"""The README is true: its first session runs, and its tables and its picture are those of the code."""

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from typer.core import TyperGroup
from typer.main import get_command

from matcher import ADVICE, MODELS
from scripts.running import Running, running
from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.adjudication.domain.evidence import Hypothesis
from service.adjudication.domain.marks import MARKS
from service.bootstrap import App, Recognition, open_store, wire
from service.cli import app as cli
from service.enrolment.steps.captures import WARNING_CODES
from service.oversight.domain.findings import Pattern
from service.privacy.domain.erasures import Ground
from service.registry.domain.intentions import Intention
from service.settings import Settings
from service.storage.at_rest import AT_REST, FILES
from service.tasks.domain.tasks import OUTCOMES, Outcome
from service.web import create_web
from tests.service.made_up import TESTER

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
NO_TOKEN = "no token"
CONTEXTS = (
    "privacy",
    "deduplication",
    "oversight",
    "adjudication",
    "enrolment",
    "registry",
    "tasks",
    "access",
    "audit",
)


def section(title: str) -> str:
    """What stands below a heading, up to the next."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the README has no section {title!r}"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def table(title: str) -> list[list[str]]:
    """The rows of a section's only table, without its head."""
    rows = [line for line in section(title).splitlines() if line.startswith("|")]
    assert set(rows[1]) <= set("|- ")
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


# The first session


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as one:
        yield one


def installed(folder: Path) -> None:
    """A folder in which `.venv/bin/jisr`, `.venv/bin/python` and `python3` run this project."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, arguments in {"python": "", "python3": "", "jisr": "-c 'from service.cli import app; app()'"}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (programs / name).chmod(0o755)


def documents(printed: str) -> list[Any]:
    """The JSON documents among what was printed, each begun by a brace on a line of its own."""
    decoder = json.JSONDecoder()
    return [decoder.raw_decode(printed, found.start())[0] for found in re.finditer(r"^{$", printed, re.MULTILINE)]


@pytest.fixture(scope="module")
def session(service: Running, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """All answers of the first session, in order."""
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("the first session needs bash and curl")
    folder = tmp_path_factory.mktemp("session")
    installed(folder)
    script = "".join(blocks(section("A first session"), "sh"))
    assert "http://127.0.0.1:8000" in script
    script = script.replace("http://127.0.0.1:8000", service.url)
    path = f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**service.environment, "PYTHONPATH": str(ROOT), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return documents(done.stdout)


@pytest.mark.slow
def test_the_first_session_enrols_a_household_and_finds_who_came_again(session: list[Any]) -> None:
    amina, moussa, hamida, cases, decided, other = session
    assert [one["status"] for one in (amina, moussa, hamida)] == ["enrolled", "enrolled", "in_review"]
    assert None not in (amina["person_number"], moussa["person_number"])
    assert amina["person_number"] != moussa["person_number"]
    assert amina["household_id"] == moussa["household_id"] is not None
    assert hamida["person_number"] is None

    (case,) = cases["cases"]
    (candidate,) = case["candidates"]
    assert case["id"] == hamida["case"] == decided["id"]
    assert candidate["person"]["number"] == amina["person_number"]
    assert set(candidate["evidence"]) == {"face", "right_index"}
    assert all("log10_lr" in one for one in candidate["evidence"].values())

    assert (decided["status"], decided["decision"]["decision"]) == ("decided", "same_person")
    assert other["id"] == amina["household_id"]


@pytest.mark.slow
def test_after_the_decision_the_second_enrolment_has_the_number_of_the_first(
    session: list[Any], service: Running
) -> None:
    amina, _, hamida, *_ = session
    with service.client("enroller") as client:
        now = client.get(hamida["links"]["self"]).json()
    assert now["status"] == "enrolled"
    assert (now["person_number"], now["household_id"]) == (amina["person_number"], amina["household_id"])


# At rest


def test_what_is_said_to_be_sealed_is_what_the_code_states() -> None:
    stated = [
        [where.strip("`"), fields.replace("`", "").split(), how, why] for where, fields, how, why in table("At rest")
    ]
    assert stated == [[one.where, list(one.fields), one.how, one.why] for one in (*FILES, *AT_REST)]


# Settings


def stated_default(name: str) -> str:
    """A default as the table has it: in words where it depends on the machine or on another setting."""
    words = {
        "database_url": "SQLite in `JISR_HOME`",
        "models": "`models` of this project",
        "threads": "all cores",
        "key": "none",
        "key_file": "`keys/key` in `JISR_HOME`",
        "pkcs11_module": "none",
        "pkcs11_pin": "none",
        "public_url": "none",
        "passkey_domain": "host of `JISR_PUBLIC_URL`",
        "oidc_issuer": "none",
        "oidc_client_id": "none",
        "oidc_client_secret": "none",
        "oidc_name_claim": "none",
        "oidc_second_factor": "none",
        "trusted_proxies": "none",
        "tls_certificate": "no TLS",
        "tls_key": "in the certificate's file",
        "document_types": "those of the code",
        "audit_copies": "none",
        "audit_feed": "none",
    }
    default = Settings.model_fields[name].default
    return words.get(name, f"`{str(default).lower() if isinstance(default, bool) else default}`")


def test_the_settings_table_has_every_setting_with_its_default() -> None:
    stated = {variable.strip("`"): default for variable, default, _ in table("Settings")}
    assert stated == {f"JISR_{name.upper()}": stated_default(name) for name in Settings.model_fields}


def test_defaults_in_words_are_true(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("JISR_")]:
        monkeypatch.delenv(name)
    one = Settings(home=tmp_path)
    assert one.url == f"sqlite:///{tmp_path}/jisr.db"
    assert one.models == MODELS == ROOT / "models"
    assert (one.proxies, one.tls_certificate, one.tls_key) == ([], None, None)
    assert one.threads == len(os.sched_getaffinity(0))


def test_every_variable_that_is_mentioned_exists() -> None:
    known = {f"JISR_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"\bJISR_\w+", README)) <= known


# Routes and roles


@pytest.fixture
def jisr(recognition: Recognition, tmp_path: Path) -> Iterator[App]:
    """A service on an empty registry, without a worker."""
    app = wire(open_store(Settings(home=tmp_path, embedded_worker=False)), recognition)
    app.replica.start(app.store.storage)
    yield app
    app.store.database.dispose()


@pytest.fixture
def http(jisr: App) -> Iterator[TestClient]:
    with TestClient(create_web(jisr)) as client:
        yield client


def admitted(http: TestClient, method: str, path: str, tokens: dict[str, str]) -> set[str]:
    """The roles that a route lets in, or that it needs none."""
    url = re.sub(r"{\w+}", quote("2345678901"), path)
    if http.request(method, url).status_code not in (401, 403):
        return {NO_TOKEN}
    answers = {
        role: http.request(method, url, headers={"Authorization": f"Bearer {token}"}).status_code
        for role, token in tokens.items()
    }
    assert 401 not in answers.values()
    return {role for role, status in answers.items() if status != 403}


def test_the_routes_table_has_every_route_with_the_roles_it_lets_in(jisr: App, http: TestClient) -> None:
    store = jisr.store
    tokens = {
        role.value: create_token(role, role, actor=TESTER, storage=store.storage, clock=store.clock)
        for role in AccessRole
    }
    described = http.get("/openapi.json").json()["paths"]
    found = {
        (method.upper(), path): admitted(http, method, path, tokens)
        for path, one in described.items()
        for method in one
    }
    rows = table("Routes")
    stated = {(method, path.strip("`")): set(roles.split(", ")) for method, path, roles, _ in rows}
    assert stated == found
    assert len(rows) == len(stated)


def test_the_roles_table_has_every_role() -> None:
    assert [role.strip("`") for role, _ in table("Roles")] == [*AccessRole]


# Warnings


def test_the_warnings_table_has_every_code() -> None:
    assert [code.strip("`") for code, _ in table("Warnings")] == [*WARNING_CODES]


def test_the_reasons_table_is_that_of_the_code() -> None:
    assert [(code.strip("`"), sentence) for code, sentence in table("Reasons")] == [*ADVICE.items()]


def test_the_marks_table_has_every_code_and_what_it_does() -> None:
    stated = {code.strip("`"): opens == "yes" for code, opens, _ in table("Marks")}
    assert stated == {code: rule.opens for code, rule in MARKS.items()}
    assert list(stated) == list(MARKS)


def test_the_findings_table_has_every_pattern() -> None:
    assert [code.strip("`") for code, _ in table("Findings")] == [*Pattern]


def test_the_tasks_table_has_every_kind_with_its_outcomes() -> None:
    stated = {kind.strip("`"): set(re.findall(r"`(\w+)`", outcomes)) for kind, _, outcomes in table("Tasks")}
    assert stated == {kind: outcomes - {Outcome.NOT_NEEDED, Outcome.OTHER} for kind, outcomes in OUTCOMES.items()}


def test_every_hypothesis_is_explained() -> None:
    (named,) = re.findall(r"`hypothesis` states.*?Under `", section("How it decides"), re.DOTALL)
    assert [one for one in re.findall(r"`(\w+)`", named)[1:] if one != "scale"] == [*Hypothesis]


# Architecture


def picture() -> dict[str, list[str]]:
    """The names that the picture of the architecture gives, by the heading they stand below."""
    (drawn,) = blocks(section("Architecture"), "")
    parts: dict[str, list[str]] = {}
    project = heading = ""
    for line in drawn.splitlines():
        indent = len(line) - len(line.lstrip())
        name = line.split()[0] if line.strip() else ""
        if not name or indent > 4:
            continue
        if indent == 0:
            project = heading = name
        elif indent == 2 and project == "service/":
            heading = re.split(r"\s{2,}", line.strip())[0]
        else:
            parts.setdefault(heading, []).append(name)
    return parts


def modules(package: str) -> set[str]:
    """What lies directly in a package: folders with a slash, and files of code."""
    there = [path for path in (ROOT / package).iterdir() if not path.name.startswith("__") and path.suffix != ".md"]
    return {f"{path.name}/" if path.is_dir() else path.name for path in there}


def layers(contract: str) -> list[list[str]]:
    """The layers of a contract of import-linter, from the outermost; those that share a line are of one layer."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    lines = config[f"importlinter:contract:{contract}"]["layers"].split("\n")
    return [[one.strip(" ()") for one in line.split("|")] for line in lines if line]


def in_layers(names: Sequence[str], contract: str) -> bool:
    """Whether names stand in the order of the contract's layers, each once and none missing."""
    ordered = layers(contract)
    level = {name: n for n, layer in enumerate(ordered) for name in layer}
    levels = [level[name] for name in names]
    return levels == sorted(levels) and sorted(names) == sorted(level)


def test_the_picture_has_every_part_of_both_projects() -> None:
    drawn = picture()
    assert list(drawn) == ["doors", "wiring", "contexts", "inside a context", "matcher/"]
    service = [*drawn["doors"], *drawn["wiring"], *drawn["contexts"]]
    assert sorted(service) == sorted(modules("service"))
    assert sorted(drawn["matcher/"]) == sorted(modules("matcher"))


def test_the_picture_has_the_order_that_is_held() -> None:
    drawn = picture()
    service = [*drawn["doors"], *drawn["wiring"], *drawn["contexts"]]
    assert in_layers([name.rstrip("/").removesuffix(".py") for name in service], "contexts")
    assert in_layers(drawn["inside a context"], "layers")


def test_every_layer_of_a_context_is_in_the_picture() -> None:
    there = {name for context in CONTEXTS for name in modules(f"service/{context}") if not name.endswith(".md")}
    found = {name.rstrip("/").removesuffix(".py") for name in there}
    assert found == set(picture()["inside a context"])
    assert [f"{name}/" for name in (*CONTEXTS, "kit")] == picture()["contexts"]


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:service|matcher|models|benchmarks|scripts|tests)/[\w./]*|\w+\.md)", README))
    assert len(named) > 20
    missing = [path for path in sorted(named) if not (ROOT / path).exists()]
    assert not missing


def test_every_name_that_is_given_with_a_file_is_in_it() -> None:
    """In the table of first changes: `path` (`Name`, `other`)."""
    given = re.findall(r"`([\w./]+\.py)` \(([^)]*)\)", section("Architecture"))
    assert len(given) >= 8
    for path, names in given:
        content = (ROOT / path).read_text()
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"\b{name}\b", content), f"{path} has no {name}"


# Commands


def commands(group: TyperGroup, *before: str) -> Iterator[tuple[str, set[str]]]:
    """Every command with its options."""
    for name, one in group.commands.items():
        if isinstance(one, TyperGroup):
            yield from commands(one, *before, name)
        else:
            yield " ".join((*before, name)), {option for parameter in one.params for option in parameter.opts}


def all_commands() -> dict[str, set[str]]:
    whole = get_command(cli)
    assert isinstance(whole, TyperGroup)
    return dict(commands(whole))


def words(command: str) -> str:
    """`jisr token create NAME --role ROLE` is `token create`."""
    found = re.match(r"`?(?:\.venv/bin/)?jisr((?: [a-z]+\b(?!-))*)", command)
    assert found is not None, command
    return found[1].strip()


def test_the_commands_table_has_every_command_and_no_option_that_does_not_exist() -> None:
    known, rows = all_commands(), table("Commands")
    assert sorted(words(command) for command, *_ in rows) == sorted(known)
    for command, role, meaning in rows:
        assert role in [*AccessRole]
        assert set(re.findall(r"--[a-z-]+", command + meaning)) <= known[words(command)], command


def test_every_command_and_option_that_is_named_exists() -> None:
    text = re.sub(r"^```.*?^```\n", "", README, flags=re.MULTILINE | re.DOTALL)
    sessions = "".join(blocks(README, "sh"))
    named = re.findall(r"`((?:\.venv/bin/)?jisr [^`]+)`", text) + re.findall(r"\.venv/bin/jisr [^)|\n]+", sessions)
    known = all_commands()
    assert len(named) > len(known)
    for command in named:
        if "COMMAND" not in command:
            assert words(command) in known, command
            assert set(re.findall(r"--[a-z-]+", command)) <= known[words(command)], command


# Privacy

PRIVACY = {name: (ROOT / "service" / "privacy" / name).read_text() for name in ("dpia.md", "threat_model.md")}


@pytest.mark.parametrize("name", PRIVACY)
def test_the_privacy_documents_name_only_what_there_is(name: str) -> None:
    text = PRIVACY[name]
    assert f"`service/privacy/{name}`" in README
    assert len(text.splitlines()) <= 60, "each is one page"
    settings = set(re.findall(r"\bJISR_\w+", text))
    assert len(settings) >= 3
    assert settings <= {f"JISR_{one.upper()}" for one in Settings.model_fields}
    named = set(re.findall(r"`((?:service|matcher|models|benchmarks|scripts|tests)/[\w./]+|\w+\.md)`", text))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    called = re.findall(r"`(jisr [^`]+)`", text)
    assert len(called) >= 3
    assert [one for one in called if words(one) not in all_commands()] == []


def test_the_grounds_of_erasure_are_those_of_the_code() -> None:
    (named,) = re.findall(r"Article 17\(1\) GDPR: (.*?)\. A person", section("Erasure and retention"), re.DOTALL)
    assert re.findall(r"`(\w+)`", named) == [*Ground]


def test_the_changes_table_has_every_intention() -> None:
    assert {kind.strip("`") for kind, _ in table("Changes")} == {one.KIND.value for one in get_args(Intention)}
