#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# install.sh BUILD WORK TOP: installs the build into WORK and builds the consumer in
# tests/checks/consumer against it twice, through the CMake package and through pkg-config.
set -eu
build=$1 work=$2 top=$3
rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" > "$work/install.log"
for header in io-pgtable.h table-pool.h; do
	[ -f "$work/prefix/include/$header" ] || { echo "install.sh: $header was not installed"; exit 1; }
done
cmake -G Ninja -S "$top/tests/checks/consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/prefix" \
	-DCMAKE_C_FLAGS="${4-}" > "$work/cmake.log"
cmake --build "$work/cmake" >> "$work/cmake.log"
"$work/cmake/consumer"
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name io-pgtable.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086
cc ${4-} "$top/tests/checks/consumer/consumer.c" $(pkg-config --cflags --libs io-pgtable) \
	-Wl,-rpath,"$(pkg-config --variable=libdir io-pgtable)" -o "$work/by-pkg-config"
"$work/by-pkg-config"
