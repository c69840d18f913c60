"""Make `.venv` from a lock file with hashes. Runs on a bare Python: only the standard library is used here.

A stamp in the environment names the lock it was made from, so that a second start has nothing to do.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME_LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "tests" / "requirements.lock"
OLDEST = (3, 11)


def explain(text: str | None) -> None:
    """Print a command's help and leave, where its arguments ask for it: to be called before anything is set up."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print((text or "").strip())
        sys.exit()


def prepare(lock: Path) -> Path:
    """Bring `.venv` to the versions of `lock`, and the models to their hashes. Returns the environment's Python.

    An environment made for the tests serves the service as well.
    """
    if sys.version_info < OLDEST:
        sys.exit(f"Jisr needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}")
    python = ROOT / ".venv" / "bin" / "python"
    stamp = ROOT / ".venv" / "made-from"
    made = stamp.read_text().splitlines() if stamp.exists() and python.exists() else ["", ""]
    if made[0] != _here():
        if (ROOT / ".venv").is_symlink():  # making it anew would empty the folder that it leads to
            sys.exit(f"{ROOT / '.venv'} is a link to another environment; remove the link")
        report(f"making .venv with Python {sys.version.split()[0]} (once, about a minute)")
        venv.create(ROOT / ".venv", with_pip=True, clear=True)
    if made[0] != _here() or made[1] not in (_contents(TEST_LOCK), _contents(lock)):
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--only-binary=:all:", "--require-hashes", "--requirement", str(lock)])
        run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        stamp.write_text(f"{_here()}\n{_contents(lock)}\n")
    if not _models_stamp().exists() or _models_stamp().read_text() != _models_now():
        run([str(python), "-m", "scripts.fetch_models"])
        _models_stamp().write_text(_models_now())
    return python


def run(command: list[str]) -> None:
    """Run from the project's root; leave with the command's status if it fails."""
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        sys.exit(status)


def become(command: list[str]) -> None:
    """Give this process over to another program, so that signals reach it."""
    os.execv(command[0], command)


def report(text: str) -> None:
    """To standard error, at once."""
    print(text, file=sys.stderr, flush=True)


def _here() -> str:
    """An environment works where it was made, with the Python that made it."""
    return f"{ROOT} {sys.version.split()[0]}"


def _contents(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def _models_stamp() -> Path:
    return ROOT / "models" / "fetched" / "made-from"


def _models_now() -> str:
    """The manifest and every file's size and time: the service itself checks the hashes when it loads them."""
    files = sorted((ROOT / "models" / "fetched").glob("*.onnx"))
    parts = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    manifest = hashlib.sha256((ROOT / "models" / "manifest.toml").read_bytes()).hexdigest()
    return "\n".join([manifest, *parts])
