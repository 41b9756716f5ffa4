"""The command `leadershift` itself: its help, its exit codes, and how a function becomes a command of it.

Not here: the commands (asking, control, questions, keeping, steps, rehearse).
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import click

from dagster_project.cli.terminal import harmless, say
from dagster_project.errors import EXIT_CODES, LeadershiftError
from dagster_project.settings import Settings

_CODES = "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())


# The light ones first: a question to the tables is answered before the pipeline would be loaded.
_MODULES = ("asking", "control", "questions", "keeping", "steps", "rehearse")


@contextlib.contextmanager
def _in_words(ctx: click.Context) -> Iterator[None]:
    """Turn our errors into one sentence and an exit code. A traceback is for our own faults only."""
    try:
        yield
    except LeadershiftError as error:
        click.echo(harmless(f"leadershift: {error}"), err=True)
        ctx.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("\nleadershift: stopped. What was durable is safe; the same command goes on from there.", err=True)
        ctx.exit(130)


class _Group(click.Group):
    """Reads the settings, before a client that reads the same environment could stumble over them.

    Loads one module of commands after the other, until the one that was asked for is there.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the settings, then the arguments."""
        with _in_words(ctx):
            ctx.obj = Settings.from_environment()
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command."""
        for module in _MODULES:
            if cmd_name in self.commands:
                break
            importlib.import_module(f"dagster_project.cli.{module}")
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all of them."""
        for module in _MODULES:
            importlib.import_module(f"dagster_project.cli.{module}")
        return super().list_commands(ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with _in_words(ctx):
            return super().invoke(ctx)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=f"\b\nExit codes:\n{_CODES}\n\b\nExamples:\n  leadershift doctor\n  leadershift run\n"
    '  leadershift query "from marts.share_by_country limit 5" --json',
)
@click.version_option(package_name="leadershift", prog_name="leadershift")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Who leads open-source AI, week by week, with the denominator in sight."""
    if ctx.obj.ignores_pretended_now:
        say(
            "LEADERSHIFT_NOW is ignored: HF_ENDPOINT and GITHUB_API_URL are not both on this machine, and history must not be falsified."
        )


def command(example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Register a command whose function takes the settings first; its help ends with an example."""

    def register(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(*arguments: Any, **options: Any) -> Any:
            return function(click.get_current_context().obj, *arguments, **options)

        name = function.__name__.removesuffix("_command").replace("_", "-")
        return main.command(name, epilog=f"\b\nExample:\n  {example}")(run)

    return register
