"""The command line: one file per group of commands."""

import os

import typer

from service.cli import (
    audit,
    cards,
    demographics,
    doctor,
    enrol,
    gallery,
    keys,
    operators,
    orders,
    patterns,
    people,
    privacy,
    registry,
    serve,
    sites,
    store,
    tasks,
    tokens,
)

app = typer.Typer(no_args_is_help=True)


@app.callback()
def owners_alone() -> None:
    """Biometric enrolment and deduplication for social registries."""
    os.umask(0o077)  # whatever a command writes, and what libraries write for it, is its owner's alone


app.command()(serve.serve)
app.command()(serve.worker)
app.command("enrol")(enrol.enrol)
app.command()(enrol.add)
app.command()(enrol.retry)
app.command()(patterns.patterns)
app.command()(doctor.doctor)
app.command()(privacy.forget)
app.add_typer(tokens.app, name="token")
app.add_typer(operators.app, name="operator")
app.add_typer(sites.app, name="site")
app.add_typer(registry.app, name="registry")
app.add_typer(people.person, name="person")
app.add_typer(people.household, name="household")
app.add_typer(orders.app, name="change")
app.add_typer(cards.app, name="card")
app.add_typer(tasks.app, name="task")
app.add_typer(gallery.app, name="gallery")
app.add_typer(demographics.app, name="demographics")
app.add_typer(store.app, name="store")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")
app.add_typer(audit.app, name="audit")
