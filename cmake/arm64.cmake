# SPDX-License-Identifier: GPL-2.0-only
#
# arm64 programs on another host: Debian's cross compiler, the private sysroot that tools/sysroot.sh
# makes in build/arm64-sysroot, and qemu-user to run what was built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(ARM64_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../build/arm64-sysroot" CACHE PATH "arm64 sysroot")
get_filename_component(ARM64_SYSROOT "${ARM64_SYSROOT}" ABSOLUTE)
if(NOT EXISTS "${ARM64_SYSROOT}/usr/include")
	message(FATAL_ERROR "There is no arm64 sysroot; make it with: tools/sysroot.sh")
endif()
set(CMAKE_SYSROOT "${ARM64_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH "${ARM64_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# A server's processor of the oldest kind that has atomics (LSE), which what is measured is compiled for.
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64;-cpu;neoverse-n1;-L;${ARM64_SYSROOT}")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ARM64_SYSROOT)
