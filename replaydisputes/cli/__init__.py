"""The command line. Errors become one line on stderr and an exit code; commands are imported when they are run."""

from __future__ import annotations

import io
import os
import sys
import warnings
from contextlib import suppress
from importlib import import_module

import click

from replaydisputes.errors import ReplayDisputesError, in_one_line, without_keys

_COMMANDS = {
    "check": "replaydisputes.cli.check",
    "demo": "replaydisputes.cli.demo",
    "diff": "replaydisputes.cli.diff",
    "export": "replaydisputes.cli.export",
    "list": "replaydisputes.cli.catalogue",
    "record": "replaydisputes.cli.record",
    "redact": "replaydisputes.cli.redact",
    "recover": "replaydisputes.cli.recover",
    "refresh": "replaydisputes.cli.refresh",
    "sandbox": "replaydisputes.cli.sandbox",
    "seal": "replaydisputes.cli.seal",
    "serve": "replaydisputes.cli.serve",
    "settle": "replaydisputes.cli.settle",
    "show": "replaydisputes.cli.catalogue",
}
_SHORT_HELP = {
    "check": "Check cassettes for secrets, edits, live mode, and answers that Stripe would not give.",
    "demo": "Tell the whole story in a few seconds, with no key and no network.",
    "diff": "Compare two cassettes, each a name or a file, and tell what differs in substance.",
    "export": "Write the demo page into DIR as files that need no server.",
    "list": "List the cassettes a replay can name: yours first, then the shipped ones.",
    "record": "Make each SCENARIO's calls and write cassettes/SCENARIO.yaml, redacted and checked.",
    "recover": "List the captures in quarantine, or finish writing the CAPTUREs named.",
    "redact": "Make recordings of other tools publishable.",
    "refresh": "Record the cassettes named again, and replace those whose answers have changed in substance.",
    "sandbox": "Serve the sandbox on 127.0.0.1 until Ctrl-C. It models test-mode disputes; it is not Stripe.",
    "seal": "Accept what you changed in a cassette by hand.",
    "serve": "Serve cassettes over HTTP until Ctrl-C: to every SDK, each API key a session of its own.",
    "settle": "Make the calls that decide what the sandbox assumes about Stripe, and print the verdicts.",
    "show": "Show a cassette: where it came from, and each interaction at a glance.",
}
"""The first line of each command's help, so that `--help` imports no command."""

_INTERRUPTED = 130
_ENVIRONMENT = 4


class _LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _SHORT_HELP[name]) for name in self.list_commands(ctx)])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="replaydisputes", message="%(version)s")
def group() -> None:
    """Record Stripe test-mode dispute closes into redacted cassettes, and replay them offline.

    Exit codes: 0 done, 2 usage, 3 a finding, 4 the environment (key, network, file).
    """


def main() -> None:
    """The console script `replaydisputes`."""
    _speak_plainly()
    try:
        os.getcwd()  # fails if it is gone
        code = group(prog_name="replaydisputes", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        click.echo(without_keys(said.getvalue()), err=True, nl=False)
        sys.exit(error.exit_code)
    except ReplayDisputesError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _drop_output()
        click.echo(f"Error: {without_keys(_what_failed(error))}", err=True)
        sys.exit(_ENVIRONMENT)
    sys.exit(code if isinstance(code, int) else 0)


def _what_failed(error: OSError) -> str:
    """What the system refused, in one line: a file by name, else the output or the working directory."""
    cause = error.strerror or str(error)
    if error.filename is not None:
        return f"{in_one_line(error.filename)}: {cause}."
    if isinstance(error, FileNotFoundError):
        return f"the working directory cannot be used ({cause}): change into one that is there."
    return f"the output could not be written to its end: {cause}."


def _drop_output() -> None:
    """What is left in the buffer of an output that failed is not written again when the interpreter ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_plainly() -> None:
    """A warning is one line, and a terminal that cannot show a character gets its escape, not a traceback."""
    warnings.showwarning = lambda message, *_, **__: click.echo(f"Warning: {message}", err=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
