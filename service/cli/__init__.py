"""The command line: one file per group of commands."""

import typer

from service.cli import audit, enrol, gallery, keys, operators, patterns, serve, sites, store, tokens

app = typer.Typer(help="Biometric enrolment and deduplication for social registries.", no_args_is_help=True)
app.command()(serve.serve)
app.command()(serve.worker)
app.command("enrol")(enrol.enrol)
app.command()(enrol.retry)
app.command()(patterns.patterns)
app.add_typer(tokens.app, name="token")
app.add_typer(operators.app, name="operator")
app.add_typer(sites.app, name="site")
app.add_typer(gallery.app, name="gallery")
app.add_typer(store.app, name="store")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
