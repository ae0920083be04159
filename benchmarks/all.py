"""Run every benchmark, one after another; ``docs/benchmarks.md`` holds results with their date."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = ("orchestration.py", "sandbox.py", "gateway.py", "otlp.py", "report.py", "worlds.py", "normalise.py")


def main() -> None:
    """Stop at nothing; exit 1 when one failed."""
    failed = []
    for name in SCRIPTS:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, str(HERE / name)], check=False).returncode != 0:
            failed.append(name)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
