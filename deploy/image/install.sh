#!/bin/sh
# The packages of some extras are in /opt/inyourarea, and nothing else: services/Dockerfile asks.
set -eu
target=/opt/inyourarea
[ ! -s /run/secrets/pip ] || export PIP_CONFIG_FILE=/run/secrets/pip
python3 -m pip --python "$target/bin/python3" install -q --no-compile -c constraints.txt ".[$1]"
python3 -m pip --python "$target/bin/python3" uninstall -q -y inyourarea

packages=$(echo "$target"/lib/python3.*/site-packages)
if [ "$1" != train,cluster ]; then
  # Tests of packages, and what only compilers read.
  find "$packages" -type d \( -name tests -o -name SelfTest \) -prune -exec rm -rf {} +
  find "$packages" -type f \( -name '*.py[ix]' -o -name '*.px[di]' -o -name '*.h' -o -name '*.hpp' -o -name '*.cpp' \) -delete
  # Parts that no service asks for (tests/repo/test_images.py): clients of clouds, second names of
  # libraries, SciPy without what is far from optimize and ndimage.
  (cd "$packages" && rm -rf cv2/data numpy/distutils pyarrow/src \
    pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/libarrow_s3.so* \
    pyarrow/_flight.* pyarrow/_s3fs.* pyarrow/_gcsfs.* pyarrow/_azurefs.* pyarrow/_pyarrow_cpp_tests.* \
    pyarrow/libarrow_python*.so pyarrow/libarrow_python*.so.*.*.* \
    scipy/cluster scipy/datasets scipy/differentiate scipy/fftpack scipy/integrate \
    scipy/interpolate scipy/io scipy/misc scipy/odr scipy/signal scipy/stats)
fi

python3 sbom.py "$packages" >"$target/sbom.cdx.json"
# What a file holds decides whether it is compiled anew, not when it was written.
python3 -m compileall -q -f --invalidation-mode unchecked-hash "$packages" || true
# The same packages are the same layer, whenever they were installed.
find "$target" -exec touch -h -d @0 {} +
