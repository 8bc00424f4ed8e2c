"""What is uploaded for a function: its own package, the shared layer, and the locked dependencies.

Every function's asset is `lambdas/` with only its own package in it, so an import reads the same in the function, in the
tests and in the embedded run. Nothing needs Docker.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, IgnoreMode, ILocalBundling
from aws_cdk import aws_lambda as lambda_

PROJECT = pathlib.Path(__file__).resolve().parent.parent
REQUIREMENTS = PROJECT / "lambdas" / "requirements.txt"

#: Files beside the code that no function needs, most of which change without the code changing.
_BY_PRODUCTS = ("__pycache__", "*.pyc", "samples")
#: Named by the construct library's bundling options and never pulled: all bundling here is local.
NO_IMAGE = DockerImage.from_registry("scratch")


class PackagingError(Exception):
    """The dependencies of the functions could not be gathered; the text says why and what to do."""


def function_code(package: str) -> lambda_.Code:
    """The code of one function: the folder `lambdas/<package>`, importable as `<package>`."""
    return folder_code(f"lambdas/{package}")


def folder_code(folder: str) -> lambda_.Code:
    """The code in a folder of the project, importable by the folder's own name."""
    place = PROJECT / folder
    return lambda_.Code.from_asset(
        str(place.parent), ignore_mode=IgnoreMode.GIT, exclude=["/*", f"!/{place.name}", *_BY_PRODUCTS]
    )


def normalise_code(rules: str | None) -> lambda_.Code:
    """The code of the function `normalise`; with `rules`, as its file `normalise/rules.json`."""
    if rules is None:
        return function_code("normalise")
    return _copied({"lambdas/normalise": "normalise"}, {"normalise/rules.json": rules})


def content_code() -> lambda_.Code:
    """The code of the content function, with what it applies: `search/templates/*.json` under the same path."""
    return _copied({"lambdas/content": "content", "search/templates": "search/templates"})


def dependencies_code(*, python: str, architecture: str) -> lambda_.Code:
    """The layer with the locked dependencies, for a runtime's version (`3.13`) and `arm64` or `x86_64`."""
    lock = REQUIREMENTS.read_bytes()
    return lambda_.Code.from_asset(
        str(REQUIREMENTS.parent),
        ignore_mode=IgnoreMode.GIT,
        exclude=["/*", f"!/{REQUIREMENTS.name}"],
        asset_hash_type=AssetHashType.CUSTOM,
        asset_hash=hashlib.sha256(lock + f"{python}/{architecture}".encode()).hexdigest(),
        bundling=BundlingOptions(image=NO_IMAGE, local=_InstallWheels(python, architecture)),
    )


def templates_digest() -> str:
    """Changes whenever an index template does: hex, over names and bytes in order."""
    digest = hashlib.sha256()
    for path in sorted((PROJECT / "search" / "templates").glob("*.json")):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def common_code() -> lambda_.Code:
    """The layer with the package `common`."""
    return _copied({"lambdas/common": "python/common"})


def _copied(folders: Mapping[str, str], files: Mapping[str, str] | None = None) -> lambda_.Code:
    """An asset put together from folders of the project, {source: place in the asset}, and written `files`: {place: text}."""
    kept: list[str] = ["/*"]
    for folder in folders:
        top, inner = folder.split("/")
        kept += [f"!/{top}", f"/{top}/*", f"!/{top}/{inner}"]
    return lambda_.Code.from_asset(
        str(PROJECT),
        ignore_mode=IgnoreMode.GIT,
        exclude=[*kept, *_BY_PRODUCTS],
        asset_hash_type=AssetHashType.SOURCE,
        bundling=BundlingOptions(
            image=NO_IMAGE,
            # Part of the asset's hash.
            command=[f"{a}={b}" for a, b in (*folders.items(), *(files or {}).items())],
            local=_CopyFolders(folders, files),
        ),
    )


# jsii hands `try_bundle` the options as one object, where the library's type spells them out as keywords; they concern
# Docker only.
@jsii.implements(ILocalBundling)
class _CopyFolders:
    def __init__(self, folders: Mapping[str, str], files: Mapping[str, str] | None = None) -> None:
        self._folders, self._files = folders, files or {}

    def try_bundle(self, output_dir: str, options: BundlingOptions | None = None, **_: Any) -> bool:
        for source, place in self._folders.items():
            shutil.copytree(PROJECT / source, pathlib.Path(output_dir) / place, ignore=shutil.ignore_patterns(*_BY_PRODUCTS))
        for place, text in self._files.items():
            (pathlib.Path(output_dir) / place).write_text(text, encoding="utf-8")
        return True


@jsii.implements(ILocalBundling)
class _InstallWheels:
    """Installs the locked wheels for the function's platform, whatever this machine's is."""

    def __init__(self, python: str, architecture: str) -> None:
        self._python = python
        self._machine = "aarch64" if architecture == "arm64" else "x86_64"

    def try_bundle(self, output_dir: str, options: BundlingOptions | None = None, **_: Any) -> bool:
        command = self._command(f"{output_dir}/python")
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
        except OSError as error:
            raise PackagingError(self._failure(f"{command[0]}: {error.strerror}")) from error
        except subprocess.CalledProcessError as error:
            raise PackagingError(self._failure(error.stderr.strip())) from error
        return True

    def _failure(self, words: str) -> str:
        return (
            f"the functions' dependencies ({REQUIREMENTS.relative_to(PROJECT)}) could not be installed for Python "
            f"{self._python} on {self._machine}:\n{words}\n"
            f"Check that the package index can be reached, and that uv is on PATH (or WEIR_UV says where it is)."
        )

    def _command(self, target: str) -> list[str]:
        # Runtimes up to Python 3.11 stand on Amazon Linux 2 (glibc 2.26), later ones on Amazon Linux 2023 (2.34).
        manylinux = "manylinux_2_28" if tuple(map(int, self._python.split("."))) > (3, 11) else "manylinux_2_17"
        shared = ["--quiet", "--target", target, "--require-hashes", "--requirement", str(REQUIREMENTS)]
        shared += ["--only-binary", ":all:", "--python-version", self._python]
        uv = os.environ.get("WEIR_UV") or shutil.which("uv")
        if uv:
            return [uv, "pip", "install", *shared, "--python-platform", f"{self._machine}-{manylinux}", "--link-mode", "copy"]
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", "--no-deps"]
        # pip takes exactly the platforms it is given, older ones are not implied.
        platforms = ["manylinux_2_17", "manylinux2014"] + (["manylinux_2_28"] if manylinux == "manylinux_2_28" else [])
        return [*pip, *shared, *(part for tag in platforms for part in ("--platform", f"{tag}_{self._machine}"))]
