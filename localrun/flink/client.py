"""Submits an application in Python by Flink's own command line, as Managed Service for Apache Flink does.

The program runs here, in a process of Java and one of Python, which end when the cluster has the job: nothing of Python is left.
Options: Apache Flink documentation, "Command-Line Interface", "Submitting PyFlink Jobs".
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from localrun.flink.cluster import openings
from localrun.flink.deployed import Program
from localrun.flink.distribution import Distribution
from localrun.flink.rest import SUBMIT_SECONDS, Refused, Submission, root_cause
from localrun.paths import make_directory

_MAIN = "org.apache.flink.client.cli.CliFrontend"
#: The option by which a job gets the id it is looked for by, as those that are run by REST.
_JOB_ID = "$internal.pipeline.job-id"
#: The last a program in Python says: its error, whose causes in Java were said before.
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception): .+$", re.MULTILINE)
#: What the command line says when the program has ended.
_ENDED = "Run python process failed"


@dataclass(frozen=True, slots=True)
class Client:
    """What submits to one cluster."""

    distribution: Distribution
    cluster: str
    """URL of the JobManager."""

    def run(self, code: Path, program: Program, submission: Submission) -> None:
        """Run the program of a zip, and the job it makes. Raises Refused, with the program's own error where it is the cause."""
        directory = code.with_suffix("")
        shutil.rmtree(directory, ignore_errors=True)
        make_directory(directory)
        try:
            with zipfile.ZipFile(code) as archive:
                archive.extractall(directory)
        except zipfile.BadZipFile as error:
            raise Refused(f"the application's code is no zip: {error}") from error
        # What the command line leaves behind is of no use when the cluster has the job.
        with TemporaryDirectory(prefix="weir-flink-client-") as scratch:
            # It wants a configuration, and all of it is said here.
            (Path(scratch) / "config.yaml").touch()
            try:
                done = subprocess.run(
                    self.command(directory, program, submission, scratch),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    env=self._environment(scratch),
                    cwd=directory,
                    timeout=SUBMIT_SECONDS,
                )
            except subprocess.TimeoutExpired as error:
                raise Refused(f"the program did not submit its job within {SUBMIT_SECONDS:.0f} s") from error
        if done.returncode:
            raise Refused(_cause(done.stdout) or f"the program ended with status {done.returncode}")

    def command(self, directory: Path, program: Program, submission: Submission, scratch: str) -> Sequence[str | Path]:
        """Flink's command line; `directory` holds what was in the zip, and `scratch` what is temporary."""
        address = urlsplit(self.cluster)
        options = {
            "rest.address": address.hostname,
            "rest.port": address.port,
            _JOB_ID: submission.job_id,
            **submission.configuration,
        }
        restored: list[str] = []
        if submission.restore_from:
            restored = ["--fromSavepoint", submission.restore_from]
            restored += ["--allowNonRestoredState"] if submission.allow_non_restored_state else []
        return [
            self.distribution.java,
            *("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Djava.io.tmpdir={scratch}"),
            *openings(),
            *("-cp", self.distribution.python_classpath(), _MAIN, "run", "--detached", "--target", "remote"),
            *(f"-D{key}={value}" for key, value in options.items()),
            *("--parallelism", str(submission.parallelism), *restored),
            *(("--jarfile", directory / program.jar) if program.jar else ()),
            *(("--pyFiles", ",".join(str(directory / file) for file in program.files)) if program.files else ()),
            *("-pyclientexec", sys.executable, "--python", directory / program.main),
            *submission.arguments,
        ]

    def _environment(self, scratch: str) -> dict[str, str]:
        home = self.distribution.home
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": scratch,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "FLINK_HOME": str(home),
            "FLINK_OPT_DIR": str(home / "opt"),
            "FLINK_CONF_DIR": scratch,
            "PYTHONPATH": str(self.distribution.python_path),
        }


def _cause(output: str) -> str:
    said, failed, _ = output.partition(_ENDED)
    errors: list[str] = _ERROR.findall(said)
    return errors[-1][:1_000] if failed and errors else root_cause(output)
