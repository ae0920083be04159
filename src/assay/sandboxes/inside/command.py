"""Starts the command: own session, limits, no capabilities, no descriptor of ours."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the public module loads enum
import os
import resource

from .privileges import drop_capabilities

NO_FILE = 4096
USUAL_NO_FILE = 1024
SHELL_NOT_FOUND = 127
SHELL_NOT_EXECUTABLE = 126
AFTER_STANDARD = 3


class Command:
    """A started command: its pid and the read ends of its output pipes; ``error`` when it could not be executed."""

    def __init__(self, request: dict[str, object]) -> None:
        out, out_write = os.pipe()
        err, err_write = os.pipe()
        report, report_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            _become(request, out_write, err_write, report_write)
        for descriptor in (out_write, err_write, report_write):
            os.close(descriptor)
        self.pid = pid
        self.pipes = {1: out, 2: err}
        # Ends with the exec, or brings the reason why there was none.
        self.error = os.read(report, 4096).decode("utf-8", "replace") or None
        os.close(report)


def _become(request: dict[str, object], out: int, err: int, report: int) -> None:
    """Turn this fork into the command; never returns."""
    status = SHELL_NOT_EXECUTABLE
    speak = report
    try:
        argv = [os.fsencode(word) for word in request["argv"]]  # type: ignore[attr-defined]
        env = {os.fsencode(key): os.fsencode(value) for key, value in request["env"].items()}  # type: ignore[attr-defined]
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((null, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        if report != AFTER_STANDARD:
            os.dup2(report, AFTER_STANDARD, inheritable=False)
            speak = AFTER_STANDARD
        os.closerange(AFTER_STANDARD + 1, 65536)
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores them
            _signal.signal(number, _signal.SIG_DFL)
        _limit(request["limits"])  # type: ignore[arg-type]
        os.chdir(os.fsencode(str(request["cwd"])))
        if request["isolated"]:
            drop_capabilities()
        os.execvpe(argv[0], argv, env)  # noqa: S606  # no shell is the point
    except FileNotFoundError as error:
        status = SHELL_NOT_FOUND
        os.write(speak, f"{error.strerror}: {error.filename!r}".encode("utf-8", "replace"))
    except BaseException as error:  # noqa: BLE001  # this process must not go on as a second supervisor
        os.write(speak, f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _limit(limits: dict[str, float | None]) -> None:
    """Apply what the kernel counts by itself. The hard limits cannot be raised again."""
    for kind, name in ((resource.RLIMIT_FSIZE, "file_bytes"), (resource.RLIMIT_NPROC, "processes")):
        value = limits[name]
        if value is not None:
            resource.setrlimit(kind, (int(value), int(value)))
    cpu_s = limits["cpu_s"]
    if cpu_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = NO_FILE if hard == resource.RLIM_INFINITY else min(NO_FILE, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(USUAL_NO_FILE, most), most))
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as file:  # noqa: PTH123  # pathlib costs 9 ms
            file.write(b"1000")  # if the machine runs short, the command goes first
    except OSError:
        pass
