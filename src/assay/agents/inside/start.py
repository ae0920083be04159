"""Started by path: makes this folder a package of its own and runs the client."""

import os
import sys
from os.path import dirname, realpath

sys.path.insert(0, dirname(dirname(realpath(__file__))))  # noqa: PTH120 - pathlib costs 5 ms of every trial

from inside.api_client import main  # type: ignore[import-not-found]

code = main(sys.argv[1])
sys.stdout.flush()
os._exit(code)  # nothing else is buffered, and taking the interpreter down piece by piece costs CPU
