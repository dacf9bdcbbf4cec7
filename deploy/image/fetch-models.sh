#!/bin/sh
# $1 has every model and `models.json`, $2 the repository for a Triton with a GPU.
set -eu
python=/opt/inyourarea/bin/python3
[ -s "${PIP_CONFIG_FILE:-}" ] || unset PIP_CONFIG_FILE
# The detector's wheel is fetched by pip, which that environment lacks otherwise.
python3 -m pip --python "$python" install -q pip
"$python" -m inyourarea.cli models fetch faces --models "$1"
"$python" -m inyourarea.cli models list --json >"$1/models.json"
"$python" -m inyourarea.cli models repository --gpu --out "$2"
find "$1" -name '*.pt' -delete
