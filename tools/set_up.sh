#!/usr/bin/env bash
# Makes a virtual environment and installs into it: tools/set_up.sh <venv> <python> <what pip should install...>
# uv is used where it is there, since it is quicker; python -m venv and pip are enough.
set -euo pipefail

venv=$1
python=$2
shift 2

if [ -z "$python" ]; then
    echo "Foretell needs Python 3.10 or newer, and none was found. Name one: make PYTHON=/path/to/python3 ..." >&2
    exit 1
fi

has_uv() { [ -z "${NO_UV:-}" ] && uv --version >/dev/null 2>&1; }

make_venv() {
    if has_uv && uv venv --quiet --seed --python "$python" "$venv" 2>/dev/null; then return; fi
    if "$python" -m venv "$venv" 2>/dev/null; then return; fi
    # Some distributions ship venv without pip in it; the pip outside can install one.
    rm -rf "$venv"
    "$python" -m venv --without-pip "$venv"
    "$python" -m pip --python "$venv/bin/python" install --quiet pip
}

if ! "$venv/bin/python" -c "" >/dev/null 2>&1; then
    echo "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    make_venv
fi

echo "Installing into $venv (a minute the first time)"
if has_uv && uv pip install --quiet --python "$venv/bin/python" "$@" 2>/dev/null; then exit 0; fi
# --group needs pip 25.1.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
