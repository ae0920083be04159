"""A stand-in for an agent of your own: reads the task, edits files in its current folder, prints what it did."""

import sys
from pathlib import Path

prompt = Path(sys.argv[1]).read_text(encoding="utf-8")
print(f"the task has {len(prompt.split())} words")
for path in sorted(Path().rglob("*.py")):
    text = path.read_text(encoding="utf-8")
    tidy = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    if tidy != text:
        path.write_text(tidy, encoding="utf-8")
        print(f"tidied {path}")
