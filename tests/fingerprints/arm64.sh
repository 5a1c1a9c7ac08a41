#!/usr/bin/env bash
# A Python for 64-bit ARM with NumPy, attrs, llvmlite and threadpoolctl, which QEMU runs: arm64.sh FOLDER, then
# FOLDER/python SCRIPT. It takes packages of Debian, with a right to install qemu-user, and wheels of PyPI: 250 MB.
set -euo pipefail
mkdir -p "$1" && cd "$1"
as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
dpkg --print-foreign-architectures | grep -qx arm64 || "${as_root[@]}" dpkg --add-architecture arm64
"${as_root[@]}" apt-get update -qq || echo "apt-get update failed; the lists of packages may be old"
if ! command -v qemu-aarch64 >/dev/null; then
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends qemu-user >/dev/null
fi
mkdir -p packages root site-packages wheels
needed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  python3:arm64 libstdc++6:arm64 | grep -E '^\w.*:arm64$' | sort -u)
# shellcheck disable=SC2086
(cd packages && apt-get download -qq $needed 2>/dev/null) # it warns that no user of its own may write here
for package in packages/*.deb; do dpkg-deb -x "$package" root; done
if [ ! -e root/lib ]; then ln -s usr/lib root/lib; fi
python=$(find root/usr/bin -regex '.*/python3\.[0-9]+' | head -1)
python3 -m pip download -q --no-deps --only-binary=:all: --implementation cp --python-version "${python##*python}" \
  --platform manylinux2014_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 -d wheels \
  numpy attrs llvmlite threadpoolctl
for wheel in wheels/*.whl; do python3 -m zipfile -e "$wheel" site-packages; done
# QEMU has vectors of any length, with which kernels of OpenBLAS for them give wrong products.
cat >python <<END
#!/bin/sh
export OPENBLAS_CORETYPE=ARMV8 PYTHONPATH="$PWD/site-packages:\$PYTHONPATH"
exec qemu-aarch64 -L "$PWD/root" "$PWD/$python" "\$@"
END
chmod +x python
./python -c "import platform, numpy; print(platform.machine(), platform.python_version(), 'NumPy', numpy.__version__)"
