"""What is uploaded for a Flink application: its jar or zip, built only when it is deployed."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Mapping
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, IgnoreMode, ILocalBundling
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from components.packaging import NO_IMAGE, PROJECT, PackagingError
from flink import build
from localrun.errors import LocalRunError

#: Of an application, its folders below `flink`.
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "aggregates": ("sql",),
    "anomalies": ("java",),
    "behaviour": ("scala",),
    "business": ("python", "sql"),
}
#: What of a zip the service runs (developer guide, "Specify your code files").
RUN_OPTIONS = "kinesis.analytics.flink.run.options"
_RUN_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "business": {"python": "main.py", "jarfile": build.TABLES, "pyFiles": build.PACKAGE}
}
#: All applications share these folders below `flink`, and the build's own file.
_SHARED = ("pom.xml", "streams", "connector")


def flink_artifact(application: str, *, local: bool) -> pathlib.Path:
    """The built jar or zip of an application, made if there is none of the present sources. `local`: with the connector of the
    embedded run instead of Apache's.

    Raises PackagingError in the build's own words.
    """
    try:
        return build.build(build.Connector.local if local else build.Connector.official, print)[application]
    except LocalRunError as error:
        raise PackagingError(f"the application {application} was not built: {error}") from error


def flink_code(scope: Construct, construct_id: str, *, application: str, local: bool) -> assets.Asset:
    """The application's code in S3, under a name that changes when its sources do."""
    kept = [f"!/{name}" for name in (*_SHARED, *_FOLDERS[application])]
    return assets.Asset(
        scope,
        construct_id,
        path=str(PROJECT / "flink"),
        ignore_mode=IgnoreMode.GIT,
        exclude=["/*", *kept, "target", "__pycache__", "README.md", "gateway_tests"],
        asset_hash_type=AssetHashType.SOURCE,
        # The command is part of the asset's hash; the connector of the embedded run lies elsewhere.
        bundling=BundlingOptions(
            image=NO_IMAGE, command=[application, build.fingerprint() if local else ""], local=_Build(application, local)
        ),
    )


def run_options(application: str) -> Mapping[str, str]:
    """The property group RUN_OPTIONS of an application; empty where its code is a jar."""
    return _RUN_OPTIONS.get(application, {})


# See components/packaging.py about the options.
@jsii.implements(ILocalBundling)
class _Build:
    def __init__(self, application: str, local: bool) -> None:
        self._application, self._local = application, local

    def try_bundle(self, output_dir: str, options: BundlingOptions | None = None, **_: Any) -> bool:
        artifact = flink_artifact(self._application, local=self._local)
        shutil.copyfile(artifact, pathlib.Path(output_dir) / f"{self._application}{artifact.suffix}")
        return True
