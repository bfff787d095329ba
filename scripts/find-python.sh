#!/bin/sh
# Prints the name of a Python that can make a virtual environment for Recutis, or says what is missing.
if [ -n "${PYTHON:-}" ]; then
  set -- "$PYTHON"
else
  set -- python3 python3.13 python3.12 python3.11 python3.14 python
fi
wanted=$1
incomplete=""
for name in "$@"; do
  if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    if "$name" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$name"
      exit 0
    fi
    incomplete=$name
  fi
done
if [ -n "$incomplete" ]; then
  echo "$incomplete cannot make virtual environments: install its venv package (on Debian: apt-get install python3-venv)." >&2
else
  found=$("$wanted" -V 2>/dev/null) || found="no $wanted"
  echo "Recutis needs Python 3.11 or newer; found $found. Install one, or name it: make demo PYTHON=python3.12" >&2
fi
exit 1
