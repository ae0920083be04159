"""Child process in the verifier's sandbox: cyclomatic complexity by lizard. It reads files and runs none of them."""

from __future__ import annotations

import json
import sys
from typing import Any

import lizard


def measure(path: str) -> dict[str, Any]:
    """Return the complexity of each function of one file, or why it cannot be read."""
    try:
        found = lizard.analyze_file(path)
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    functions = [
        {"name": one.name, "line": one.start_line, "complexity": one.cyclomatic_complexity, "lines": one.nloc}
        for one in found.function_list
    ]
    return {"functions": functions, "lines": found.nloc}


if __name__ == "__main__":
    json.dump({path: measure(path) for path in sys.argv[1:]}, sys.stdout)
