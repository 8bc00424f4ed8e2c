"""Reads `config/environments/<name>.yaml` into the typed model, or says everything that is wrong with it at once."""

from __future__ import annotations

import difflib
import pathlib

from pydantic import ValidationError

from config.document import Document, DocumentError, read_document
from config.messages import problems_of
from config.model import Environment
from config.problem import Problem, shown

PROJECT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENTS = PROJECT / "config" / "environments"


class ConfigError(Exception):
    """An environment that cannot be used. Its text has one line a problem: `file:line: dotted.path: what, and what to do`."""


def environment_names(directory: pathlib.Path = ENVIRONMENTS) -> list[str]:
    """The names `load_environment` takes, sorted: one for each `<name>.yaml` in the directory."""
    return sorted(path.stem for path in directory.glob("*.yaml"))


def load_environment(name: str, directory: pathlib.Path = ENVIRONMENTS) -> Environment:
    """Reads and checks one environment.

    Raises ConfigError for an unknown name, a file that cannot be read or is not YAML, and for values the model refuses.
    """
    known = environment_names(directory)
    if name not in known:
        raise ConfigError(_unknown(name, known, _shown_path(directory)))
    path = directory / f"{name}.yaml"
    file = _shown_path(path)
    try:
        document = read_document(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}; make it a file this user may read") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise ConfigError(f"{file}:{line}: byte 0x{byte:02x} is not UTF-8 text; save the file as UTF-8") from error
    except DocumentError as error:
        where = f"{file}:{error.line}" if error.line else file
        raise ConfigError(f"{where}: not YAML: {error}; correct it there or just before") from error
    if document.value is None and not document.problems:
        raise ConfigError(f"{file}: the file is empty; write at least `name: {name}`, every other key has a default")
    if not isinstance(document.value, dict):
        line = document.line(())
        raise ConfigError(
            f"{file}:{line}: {shown(document.value)} is not an environment; write `key: value` lines, first `name: {name}`"
        )
    return _validated(document, name, file)


def _validated(document: Document, name: str, file: str) -> Environment:
    problems = list(document.problems)
    environment = None
    try:
        environment = Environment.model_validate(document.value)
    except ValidationError as error:
        refused = {problem.path for problem in problems}
        problems += [problem for problem in problems_of(error, Environment) if problem.path not in refused]
    given = document.value.get("name") if isinstance(document.value, dict) else None
    if isinstance(given, str) and given != name:
        problems.append(Problem(("name",), f"{shown(given)} is not the name of the file; write {name}, or rename the file"))
    if environment is None or problems:
        problems.sort(key=lambda problem: document.line(problem.path))
        raise ConfigError("\n".join(_line(file, document, problem) for problem in problems))
    return environment


def _line(file: str, document: Document, problem: Problem) -> str:
    where = f"{file}:{document.line(problem.path)}"
    return ": ".join(part for part in (where, problem.dotted, problem.text) if part)


def _unknown(name: str, known: list[str], directory: str) -> str:
    meant = difflib.get_close_matches(name, known, n=1)
    hint = f", did you mean {meant[0]}?" if meant else ";"
    return f"no environment is called {name}{hint} known: {', '.join(known) or 'none'}; to add one, write {directory}/{name}.yaml"


def _shown_path(path: pathlib.Path) -> str:
    return (path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path).as_posix()
