"""`jisr serve` and `jisr worker`."""

import os
import signal
import socket
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import structlog
import typer
import uvicorn

from service.access.usecases.operators import FIRST, invite_first
from service.bootstrap import App
from service.cli import common
from service.kit import logs
from service.kit.errors import JisrError
from service.worker import NICENESS

logger = structlog.get_logger(__name__)

GREETING = """
Jisr is ready on {url}   (what it can do: {url}/docs)
Everything is kept in {home}

To enrol a folder of captures (amina_face.jpg, amina_right_index.png …), in another terminal:
  export JISR_TOKEN=$({set_home}.venv/bin/jisr token create folder-counter --role enroller)
  .venv/bin/jisr enrol FOLDER --consent "what shows their consent" --url {url}
{first}One person at a time, with curl and captures to try it on: see README.md.
"""
FIRST_OPERATOR = """No operator signs in yet. The first, {name}, chooses a password at POST /v1/operators/activation
by the one-time code {code} (24 hours).
"""


def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on; default JISR_HOST or 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on; default JISR_PORT or 8000")] = None,
) -> None:
    """Start the service, with its worker unless JISR_EMBEDDED_WORKER=false."""
    logs.set_up()
    settings = common.settings()
    host, port = host or settings.host, port or settings.port
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(common.whole)
        from service.web import server_config  # meanwhile: networks and web framework take a second each

        jisr = opening.result()
    common.refuse_outdated(jisr)
    jisr.replica.start(jisr.store.storage)

    class Greeting(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                jisr.auditor.start()
            if self.started and settings.embedded_worker:
                jisr.worker.start()  # not before: what it warms up would keep the first requests waiting
                jisr.nightly.start()
                jisr.purger.start()
                jisr.reminder.start()
            if self.started:
                home = settings.home.absolute()
                set_home = "" if "JISR_HOME" not in os.environ else f"JISR_HOME={home} "
                url = f"http{'s' if config.is_ssl else ''}://{host}:{port}"
                typer.echo(GREETING.format(url=url, home=home, set_home=set_home, first=first))

    first = _invitation(jisr)
    config = server_config(jisr, host, port)
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        typer.echo(f"JISR_TLS_CERTIFICATE, JISR_TLS_KEY: {error}", err=True)
        raise typer.Exit(2) from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn passes the signal on once it has stopped
    try:
        Greeting(config).run()
    finally:
        jisr.reminder.stop()
        jisr.purger.stop()
        jisr.nightly.stop()
        jisr.worker.stop()
        jisr.auditor.stop()


def _invitation(jisr: App) -> str:
    """The one-time code of the first administrator, in a sentence; empty once it was used."""
    store = jisr.store
    try:
        code = invite_first(actor=common.actor(), storage=store.storage, clock=store.clock)
    except JisrError as error:  # what cannot be written keeps no one from reading
        logger.warning("operator.not_invited", reason=type(error).__name__)
        return ""
    return FIRST_OPERATOR.format(name=FIRST, code=code) if code else ""


def worker() -> None:
    """Process enrolments in a process of its own; for services started with JISR_EMBEDDED_WORKER=false."""
    logs.set_up()
    os.nice(NICENESS)
    jisr = common.whole()
    common.refuse_outdated(jisr)
    jisr.replica.start(jisr.store.storage)
    jisr.worker.start()
    jisr.nightly.start()
    jisr.purger.start()
    jisr.reminder.start()
    jisr.auditor.start()
    logger.info("worker.started")
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    stopped.wait()
    jisr.reminder.stop()
    jisr.purger.stop()
    jisr.nightly.stop()
    jisr.worker.stop()
    jisr.auditor.stop()
