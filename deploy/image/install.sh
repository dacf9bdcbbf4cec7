#!/bin/sh
# The packages of some extras are in /opt/inyourarea, and nothing else: services/Dockerfile asks. Of torch
# what processors need, where $2 is `cpu`.
set -eu
target=/opt/inyourarea
[ ! -s /run/secrets/pip ] || export PIP_CONFIG_FILE=/run/secrets/pip
python3 -m pip --python "$target/bin/python3" install -q --no-compile -c constraints.txt ".[$1]"
python3 -m pip --python "$target/bin/python3" uninstall -q -y inyourarea
if [ "$1" = train,cluster ]; then
  # ultralytics brings the OpenCV with windows, in the same folder, which wants a desktop's libraries.
  python3 -m pip --python "$target/bin/python3" uninstall -q -y opencv-python
  python3 -m pip --python "$target/bin/python3" install -q --no-compile --no-deps --force-reinstall \
    -c constraints.txt opencv-python-headless
fi

packages=$(echo "$target"/lib/python3.*/site-packages)
if [ "${2:-}" = cpu ]; then
  # PyPI's torch is linked with CUDA. All of that is asked for by GPUs only, but for its runtime, which says
  # that there is none.
  python3 hollow.py "$packages" 'nvidia/*/lib/lib[!c]*.so*' 'nvidia/*/lib/libcu[!d]*.so*' 'nvidia/*/lib/libcudnn*.so*'
  (cd "$packages" && rm -rf triton torch/bin/protoc* torch/include nvidia/*/include nvidia/*/lib/*.a nvidia/*/lib/*.bc)
fi
if [ "$1" != train,cluster ]; then
  # Tests of packages, and what only compilers read.
  find "$packages" -type d \( -name tests -o -name SelfTest \) -prune -exec rm -rf {} +
  find "$packages" -type f \( -name '*.py[ix]' -o -name '*.px[di]' -o -name '*.h' -o -name '*.hpp' -o -name '*.cpp' \) -delete
  # Parts that no service asks for (tests/repo/test_images.py): clients of clouds, second names of
  # libraries, ONNX Runtime's for other languages, SciPy without what is far from optimize and ndimage.
  (cd "$packages" && rm -rf cv2/data numpy/distutils pyarrow/src \
    pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/libarrow_s3.so* \
    pyarrow/_flight.* pyarrow/_s3fs.* pyarrow/_gcsfs.* pyarrow/_azurefs.* pyarrow/_pyarrow_cpp_tests.* \
    pyarrow/libarrow_python*.so pyarrow/libarrow_python*.so.*.*.* \
    onnxruntime/capi/libonnxruntime.so* onnxruntime/tools onnxruntime/transformers \
    scipy/cluster scipy/datasets scipy/differentiate scipy/fftpack scipy/integrate \
    scipy/interpolate scipy/io scipy/misc scipy/odr scipy/signal scipy/stats)
  # Of SciPy, detect asks for one function, which needs nothing else of it.
  if [ "${1%%,*}" = detect ]; then
    find "$packages/scipy" -type f ! -name '_lsap.*' -delete
    find "$packages/scipy" -type d -empty -delete
    rm -r "$packages/scipy.libs"
    : >"$packages/scipy/__init__.py"
    echo 'from scipy.optimize._lsap import linear_sum_assignment' >"$packages/scipy/optimize/__init__.py"
  fi
  # OpenCV is linked with an FFmpeg, and with an OpenBLAS for what LAPACK does: neither is called, as
  # PyAV reads videos. PyAV is linked with encoders of formats that nobody asks for.
  python3 hollow.py "$packages" 'opencv_*.libs/libopenblas*' 'opencv_*.libs/libavcodec*' \
    'opencv_*.libs/libavformat*' 'opencv_*.libs/libavutil*' 'opencv_*.libs/libswscale*' \
    'av.libs/libx265*' 'av.libs/libSvtAv1Enc*'
  (cd "$packages" && rm -f opencv_*.libs/libgfortran* opencv_*.libs/libquadmath* opencv_*.libs/libvpx* \
    opencv_*.libs/libcrypto* opencv_*.libs/libssl* opencv_*.libs/libdrm* opencv_*.libs/libswresample*)
  # Names of functions that only debuggers read: a third of pyarrow, nearly all of ml_dtypes. What
  # wheels bring along in folders of that kind has few, and some of it does not load any more after.
  find "$packages" -name '*.libs' -prune -o -type f -name '*.so*' -exec strip --strip-unneeded {} +
fi

# What was made smaller loads still: better said here than by a pod.
"$target/bin/python3" -c '
import importlib
from importlib.util import find_spec
for name in ("av", "cv2", "onnxruntime", "pyarrow.parquet", "scipy.optimize", "torch"):
    if find_spec(name.partition(".")[0]):
        importlib.import_module(name)
'

# The gateway has the page's packages too, by their lock.
# shellcheck disable=SC2046 - one word or none
python3 sbom.py "$packages" $(find . -maxdepth 1 -name package-lock.json) >"$target/sbom.cdx.json"
# What a file holds decides whether it is compiled anew, not when it was written.
python3 -m compileall -q -f --invalidation-mode unchecked-hash "$packages" || true
# The same packages are the same layer, whenever they were installed.
find "$target" -exec touch -h -d @0 {} +
