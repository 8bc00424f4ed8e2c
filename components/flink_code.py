"""What is uploaded for a Flink application: a jar, or for Python a zip with one in it, built only when it is deployed."""

from __future__ import annotations

import importlib
import pathlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, IgnoreMode, ILocalBundling
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from components.packaging import NO_IMAGE, PROJECT, PackagingError


@dataclass(frozen=True)
class _Program:
    """Of an application: its folder below `flink`, and how the service runs it."""

    folder: str
    run_options: Mapping[str, str] = field(default_factory=dict)
    """Property group `kinesis.analytics.flink.run.options`: empty for a jar, whose manifest names its class."""


PROGRAMS: Mapping[str, _Program] = {
    "aggregates": _Program("sql"),
    "anomalies": _Program("java"),
    "behaviour": _Program("scala"),
    # Developer guide, "Create and run a Managed Service for Apache Flink for Python application".
    "business": _Program("python", {"python": "main.py", "jarfile": "lib/business.jar"}),
}
#: All applications share these folders below `flink`, and the build's own file.
_SHARED = ("pom.xml", "streams", "connector")


def flink_artifact(application: str, *, local: bool) -> pathlib.Path:
    """The built jar or zip of an application, made if there is none of the present sources. `local`: with the connector of the
    embedded run instead of Apache's.

    Raises PackagingError in the build's own words.
    """
    try:
        build: Any = importlib.import_module("flink.build")
        # The localrun's own error, which the build raises; imported with it, because a deployment needs neither.
        refused: Any = importlib.import_module("localrun.errors").LocalRunError
    except ModuleNotFoundError as error:
        raise PackagingError(f"the application {application} cannot be built: {error}; check the project out whole") from error
    try:
        built: Mapping[str, pathlib.Path] = build.build(build.Connector.local if local else build.Connector.official, print)
    except refused as error:
        raise PackagingError(f"the application {application} was not built: {error}") from error
    if application not in built:
        raise PackagingError(f"the build made no {application}, only {', '.join(sorted(built)) or 'nothing'}")
    return built[application]


def flink_code(scope: Construct, construct_id: str, *, application: str, local: bool) -> assets.Asset:
    """The application's code in S3, under a name that changes when its sources do."""
    program = PROGRAMS[application]
    kept = [f"!/{name}" for name in (*_SHARED, program.folder)]
    return assets.Asset(
        scope,
        construct_id,
        path=str(PROJECT / "flink"),
        ignore_mode=IgnoreMode.GIT,
        exclude=["/*", *kept, "target", "__pycache__", "README.md"],
        asset_hash_type=AssetHashType.SOURCE,
        # The command is part of the asset's hash.
        bundling=BundlingOptions(image=NO_IMAGE, command=[application, str(local)], local=_Build(application, local)),
    )


# See components/packaging.py about the options.
@jsii.implements(ILocalBundling)
class _Build:
    def __init__(self, application: str, local: bool) -> None:
        self._application, self._local = application, local

    def try_bundle(self, output_dir: str, options: BundlingOptions | None = None, **_: Any) -> bool:
        artifact = flink_artifact(self._application, local=self._local)
        shutil.copyfile(artifact, pathlib.Path(output_dir) / f"{self._application}{artifact.suffix}")
        return True
