#!/bin/sh
# The packages of some extras are in /opt/inyourarea, and nothing else: services/Dockerfile asks.
set -eu
target=/opt/inyourarea
[ ! -s /run/secrets/pip ] || export PIP_CONFIG_FILE=/run/secrets/pip
python3 -m pip --python "$target/bin/python3" install -q --no-compile -c constraints.txt ".[$1]"
python3 -m pip --python "$target/bin/python3" uninstall -q -y inyourarea

packages=$(echo "$target"/lib/python3.*/site-packages)
# Tests of packages and their headers.
find "$packages/numpy" "$packages/scipy" "$packages/pyarrow" "$packages/sqlalchemy" \
  -type d -name tests -prune -exec rm -rf {} + 2>/dev/null || true
# Arrow's Flight and clients of clouds, each loaded only by whoever asks for it.
rm -rf "$packages"/pyarrow/include "$packages"/pyarrow/src "$packages"/pyarrow/libarrow_flight.so* \
  "$packages"/pyarrow/libarrow_python_flight.so* "$packages"/pyarrow/libarrow_s3.so* \
  "$packages"/pyarrow/_flight.* "$packages"/pyarrow/_s3fs.* "$packages"/pyarrow/_gcsfs.* \
  "$packages"/pyarrow/_azurefs.* "$packages"/numpy/_core/include "$packages"/cv2/data
find "$target" -name '*.pyi' -delete

python3 sbom.py "$packages" >"$target/sbom.cdx.json"
# What a file holds decides whether it is compiled anew, not when it was written.
python3 -m compileall -q -f --invalidation-mode unchecked-hash "$packages" || true
# The same packages are the same layer, whenever they were installed.
find "$target" -exec touch -h -d @0 {} +
