"""`weir`: every command, in the order a newcomer needs them."""

from __future__ import annotations

import sys

import typer

from cli.commands import bench, build, cdk, demo, down, log_types, query, redrive, replay, send, status, test, topology, up
from cli.output import CommandError, Exit, show_error
from config.loader import ConfigError
from localrun.errors import LocalRunError

app = typer.Typer(
    name="weir",
    help="Real-time log analytics on the Kinesis family: deployed by AWS CDK, and run whole on one machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("send")(send.send)
app.command("status")(status.status)
app.command("query")(query.query)
app.command("redrive")(redrive.redrive)
app.command("replay")(replay.replay)
app.command("down")(down.down)
app.add_typer(bench.app, name="bench")
app.add_typer(build.app, name="build")
app.command("log-types")(log_types.log_types)
app.command("topology")(topology.topology)
app.command("test")(test.test)
app.command("cdk", context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})(cdk.cdk)


def main() -> int:
    """Run the command; what it refuses ends with a message and a code, not a traceback."""
    try:
        app(prog_name="weir")
    except CommandError as error:
        show_error(str(error))
        return error.code
    except ConfigError as error:
        show_error(str(error))
        return Exit.USAGE
    except LocalRunError as error:
        show_error(str(error))
        return Exit.MACHINE
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
