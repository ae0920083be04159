"""An exception becomes one line, or one JSON object, and an exit code."""

from __future__ import annotations

import errno
import json
import sys
import tempfile
import traceback
from pathlib import Path

import click

from assay.errors import AssayError, InternalError

EXIT_USAGE = 2
EXIT_MACHINE = 4
EXIT_INTERRUPTED = 130

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_REMEDY = "Free some space and give the same command again: nothing that was settled is lost"

_OTHER = "Choose another place"
# What is wrong with a file that a command was led to, and what to do about it.
_PLACES = {
    errno.EACCES: ("permission denied", None),
    errno.EPERM: ("permission denied", None),
    errno.EROFS: ("lies on a file system that cannot be written", _OTHER),
    errno.ENOENT: ("there is no such file or folder", None),
    errno.ENOTDIR: ("a part of this path is a file, not a folder", _OTHER),
    errno.EISDIR: ("is a folder, not a file", _OTHER),
    errno.ENAMETOOLONG: ("the name is too long", _OTHER),
    errno.EEXIST: ("a file of that name is in the way", _OTHER),
}


def report_failure(error: BaseException, *, json_wanted: bool, debug: bool) -> int:
    """Say what went wrong and return the exit code.

    Plain errors go to stderr as ``error: ...``; with ``--json`` an object goes to stdout. The traceback of an
    unexpected error is printed with ``--debug``, else saved to a file that the line names.
    """
    cause = _cause(error)
    if debug:
        traceback.print_exception(error)
    what, where, remedy, code = _parts(cause, debug=debug)
    if json_wanted:
        click.echo(json.dumps({"error": {"what": what, "where": where, "remedy": remedy, "exit_code": code}}))
    else:
        line = AssayError(what, where=where, remedy=remedy)
        click.echo(f"error: {line}", err=True)
    return code


def _cause(error: BaseException) -> BaseException:
    """Look into groups, as task groups raise them, for an error that we understand."""
    if isinstance(error, BaseExceptionGroup):
        found = [_cause(one) for one in error.exceptions]
        return next((one for one in found if isinstance(one, AssayError)), found[0])
    return error


def _parts(error: BaseException, *, debug: bool) -> tuple[str, str | None, str | None, int]:
    """Return what, where, remedy and exit code."""
    if isinstance(error, AssayError):
        return error.what, str(error.where) if error.where else None, error.remedy, error.exit_code
    if isinstance(error, click.ClickException):
        return _usage(error), None, None, EXIT_USAGE
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", None, None, EXIT_INTERRUPTED
    if _is_full(error):
        name = str(error.filename) if isinstance(error, OSError) and error.filename else None
        return "the disk is full", name, _FULL_REMEDY, EXIT_MACHINE
    if isinstance(error, OSError) and error.filename and error.errno in _PLACES:
        what, remedy = _PLACES[error.errno]
        return what, str(error.filename), remedy, EXIT_MACHINE
    what = f"unexpected {type(error).__name__}: {error}" if str(error) else f"unexpected {type(error).__name__}"
    saved = None if debug else _save(error)
    remedy = f"Please report it with {saved}, or give --debug to see more" if saved else "Please report it"
    return what, None, remedy, InternalError.exit_code


def _usage(error: click.ClickException) -> str:
    words = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{words} (see: {context.command_path} --help)" if context and context.parent else words


def _is_full(error: BaseException) -> bool:
    """True for ENOSPC, also as SQLite says it."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return type(error).__module__.startswith("sqlite3") and "disk is full" in str(error)


def _save(error: BaseException) -> Path | None:
    """Write the traceback to a file that only its owner can read; None when even that fails."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="assay-traceback-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"{sys.version}\n")
            traceback.print_exception(error, file=file)
            return Path(file.name)
    except OSError:
        return None
