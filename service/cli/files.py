"""Files that commands write."""

import os
from pathlib import Path

import typer


def write_new(file: Path, content: bytes) -> None:
    """A new file, its owner's alone."""
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(content)
    except FileExistsError:
        typer.echo(f"{file} is there already", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"{file} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
