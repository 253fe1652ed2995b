"""python -m drop: the command line."""

from drop.cli import app

app()
