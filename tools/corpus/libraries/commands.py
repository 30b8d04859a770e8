# /// script
# dependencies = ["click", "typer", "rich", "tqdm"]
# [tool.slim]
# ci = true
# event = {name = "Ann"}
# ///
"""The help of commands is made of docstrings: of these functions here."""

import io

import click
import click.testing
import rich.console
import rich.table
import tqdm
import typer
import typer.testing

app = typer.Typer()


@click.command()
@click.option("--name", help="Who.")
def greet(name):
    """Says hello."""
    click.echo(f"hello {name}")


@app.command()
def part(name: str):
    """Says goodbye."""
    typer.echo(f"goodbye {name}")


def lambda_handler(event, context):
    clicked, typed = click.testing.CliRunner(), typer.testing.CliRunner()
    text = io.StringIO()
    console = rich.console.Console(file=text, width=40)
    table = rich.table.Table("a", "b")
    table.add_row("1", "[bold]2[/]")
    console.print(table)
    try:
        raise ValueError("wrong")
    except ValueError:
        console.print_exception()
    return {
        "greet": clicked.invoke(greet, ["--name", event["name"]]).output,
        "help": clicked.invoke(greet, ["--help"]).output,
        "part": typed.invoke(app, [event["name"]]).output,
        "typer": "Says goodbye." in typed.invoke(app, ["--help"]).output,
        "table": text.getvalue().count("\u2502"),
        "wrong": "ValueError: wrong" in text.getvalue(),
        "sum": sum(tqdm.tqdm(range(5), file=io.StringIO())),
    }
