#!/usr/bin/env bash
# Makes the virtual environment: venv.sh PYTHON DIR. Debian ships Python without ensurepip, so there are three ways.
set -euo pipefail
python=$1
dir=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$python is missing or older than 3.11: name another one, such as 'make test PYTHON=python3.12'" >&2
    exit 1
fi
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    exec "$python" -m venv "$dir"
fi
if "$python" -c 'import pip, venv' 2>/dev/null; then
    # --python lets this pip put a pip into the new environment, and touches nothing outside of it.
    trap 'rm -rf "$dir"' ERR
    "$python" -m venv --without-pip "$dir"
    "$python" -m pip --python "$dir/bin/python" install --quiet pip
    exit 0
fi
echo "$python has neither ensurepip nor pip: install them first (Debian: apt-get install python3-venv)" >&2
exit 1
