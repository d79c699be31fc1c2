# SPDX-License-Identifier: GPL-2.0-only
#
# What is installed: the library, its public headers, a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

install(TARGETS io-pgtable EXPORT io-pgtable-targets)
install(FILES include/io-pgtable.h include/io-pgtable-linux.h include/iommu-flushq.h include/iommu-iova.h include/iommu-strategy.h include/smmu-cmd.h include/smmu-cmdq.h include/table-pool.h
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT io-pgtable-targets NAMESPACE io-pgtable::
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/io-pgtable)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/io-pgtable-config-version.cmake
	COMPATIBILITY SameMinorVersion)
configure_package_config_file(cmake/io-pgtable-config.cmake.in
	${CMAKE_CURRENT_BINARY_DIR}/io-pgtable-config.cmake
	INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/io-pgtable)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/io-pgtable-config.cmake
	${CMAKE_CURRENT_BINARY_DIR}/io-pgtable-config-version.cmake
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/io-pgtable)

# Relative to where the file lies, so that the prefix can be given, or moved, after the build.
file(RELATIVE_PATH IO_PGTABLE_PREFIX_FROM_PC "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
set(IO_PGTABLE_LIBS " -pthread")
if(IO_PGTABLE_HWLOC)
	string(PREPEND IO_PGTABLE_LIBS " -lhwloc")
endif()
configure_file(cmake/io-pgtable.pc.in ${CMAKE_CURRENT_BINARY_DIR}/io-pgtable.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/io-pgtable.pc
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
