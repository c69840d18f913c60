"""Keys in a real token of SoftHSM."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.kit.errors import KeysUnusable
from service.kit.pkcs11 import TokenKeys
from service.kit.sealing import KeyClass
from service.kit.sql.database import open_database
from service.storage.unit import prepare

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
MODULE = next((Path(one) for one in MODULES if Path(one).exists()), None)
PIN = "1234"

pytestmark = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None, reason="SoftHSM is not installed (Debian: softhsm2)"
)
TOKEN = "jisr"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> TokenKeys:
    """SoftHSM's library looks once per process at where its tokens are, and at which there are."""
    assert MODULE is not None
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "5678", "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    return TokenKeys(MODULE, TOKEN, PIN)


@pytest.fixture
def keys(opened: TokenKeys) -> TokenKeys:
    """A token without keys."""
    _empty(opened)
    return opened


def _empty(keys: TokenKeys) -> None:
    for one in list(keys._all()):
        one.destroy()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of a search in the dropped session
def test_a_session_that_was_dropped_is_opened_anew(keys: TokenKeys) -> None:
    key_id = keys.make()
    keys._session.close()
    with pytest.raises(KeysUnusable, match="does not answer"):
        keys.wrap(key_id, b"secret", "a place")
    assert keys.unwrap(key_id, keys.wrap(key_id, b"secret", "a place"), "a place") == b"secret"


def test_no_key_is_forgotten_for_one_that_is_not_there(keys: TokenKeys) -> None:
    key_id = keys.make()
    with pytest.raises(KeysUnusable, match="is not in the token"):
        keys.keep_only("00" * 8)
    assert keys.ids() == [key_id]


def test_what_is_wrapped_is_unwrapped_for_its_place_alone(keys: TokenKeys) -> None:
    key_id = keys.make()
    wrapped = keys.wrap(key_id, b"secret", "a place")
    assert b"secret" not in wrapped
    assert keys.unwrap(key_id, wrapped, "a place") == b"secret"
    for altered, place in ((wrapped, "another"), (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "a place")):
        with pytest.raises(KeysUnusable, match="was altered"):
            keys.unwrap(key_id, altered, place)


def test_the_newest_key_is_the_first_and_the_others_can_be_forgotten(keys: TokenKeys) -> None:
    assert keys.ids() == []
    made = [keys.make() for _ in range(3)]
    assert keys.ids()[0] == max(made)
    keys.keep_only(made[1])
    assert keys.ids() == [made[1]]
    with pytest.raises(KeysUnusable, match=f"{made[0]} of this registry is not in the token"):
        keys.wrap(made[0], b"secret", "a place")


def test_a_key_does_not_leave_its_token(keys: TokenKeys) -> None:
    from pkcs11 import Attribute, AttributeSensitive

    keys.make()
    (key,) = keys._all()
    with pytest.raises(AttributeSensitive):
        _ = key[Attribute.VALUE]


def test_a_registry_lives_on_a_token_and_rotates_in_it(keys: TokenKeys, tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'jisr.db'}")
    storage = prepare(database, keys)
    with storage.write() as uow:
        sealed = uow.keys.of_owner("person/1", KeyClass.PERSON).seal(b"Amina", "a place")
        uow.commit()
    storage.vault.rotate()
    assert len(keys.ids()) == 1
    assert prepare(database, keys).vault.open(sealed, "a place") == b"Amina"
    _empty(keys)
    with pytest.raises(KeysUnusable, match="is not there"):
        prepare(database, keys)
    database.dispose()


@pytest.mark.parametrize(
    ("module", "token", "pin", "told"),
    [
        (MODULE, TOKEN, "0000", "refuses the PIN of JISR_PKCS11_PIN"),
        (MODULE, "another", PIN, "is not there"),
        (Path("nothing.so"), TOKEN, PIN, "does not answer"),
    ],
)
def test_what_keeps_a_token_from_being_opened_is_named(
    keys: TokenKeys, module: Path, token: str, pin: str, told: str
) -> None:
    """In a process of its own: in one, whoever has given the PIN once is not asked again."""
    code = "import sys; from service.kit.pkcs11 import TokenKeys; TokenKeys(*sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(module), token, pin], check=False, capture_output=True, text=True
    )
    assert f"KeysUnusable: the token {token!r} of {module} {told}" in done.stderr
