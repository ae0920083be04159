#!/bin/sh
# Make the virtual environment from the lock, and bubblewrap where the system's package manager may be used.
set -eu
python=$1
venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "error: $python is not Python 3.11 or newer. Give one: make setup PYTHON=python3.12" >&2
    exit 1
fi
if ! command -v uv >/dev/null 2>&1; then
    if [ ! -x "$venv.uv/bin/uv" ]; then
        "$python" -m venv "$venv.uv"
        "$venv.uv/bin/pip" install -q uv
    fi
    PATH="$PWD/$venv.uv/bin:$PATH"
fi
[ -x "$venv/bin/python" ] || uv venv -q --python "$python" "$venv"
VIRTUAL_ENV="$PWD/$venv"
export VIRTUAL_ENV
uv pip sync -q --require-hashes requirements.lock
uv pip install -q --no-deps --no-build-isolation -e .

if ! command -v bwrap >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing bubblewrap with apt-get"
        apt-get install -y -qq bubblewrap >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq bubblewrap; } >/dev/null
    else
        echo "note: bubblewrap is missing. Install it (Debian, Ubuntu: sudo apt-get install bubblewrap)," >&2
        echo "      or run without isolation, by name only: assay demo --sandbox unsafe-host" >&2
    fi
fi
