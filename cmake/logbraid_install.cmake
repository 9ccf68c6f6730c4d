# cmake --install: the library for other CMake projects, and the agent.
#   find_package(logbraid COMPONENTS engine enrichers)
#   target_link_libraries(program PRIVATE logbraid::engine logbraid::enrichers)
include(CMakePackageConfigHelpers)

set(logbraid_package "${CMAKE_INSTALL_LIBDIR}/cmake/logbraid")

# What users link, and what that stands on.
foreach(folder IN ITEMS
    core support format plan resilience metrics async lookup engine clients enrichers)
  set_target_properties(logbraid_${folder} PROPERTIES EXPORT_NAME ${folder})
  add_library(logbraid::${folder} ALIAS logbraid_${folder})
  install(TARGETS logbraid_${folder} EXPORT logbraid
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT library)
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/logbraid"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT library)
install(EXPORT logbraid NAMESPACE logbraid:: FILE logbraid-targets.cmake
  DESTINATION "${logbraid_package}" COMPONENT library)

get_property(finders GLOBAL PROPERTY LOGBRAID_PART_FINDERS)
file(WRITE "${PROJECT_BINARY_DIR}/logbraid-parts.cmake"
  "# What the parts that were built stand on.\n${finders}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/logbraid-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_SOURCE_DIR}/cmake/logbraid-config.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/logbraid_find_library.cmake"
  "${PROJECT_BINARY_DIR}/logbraid-config-version.cmake"
  "${PROJECT_BINARY_DIR}/logbraid-parts.cmake"
  DESTINATION "${logbraid_package}" COMPONENT library)

if(TARGET logbraid-agent)
  install(TARGETS logbraid-agent RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT agent)
  # Where cli/home.cc looks for them.
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/contrib"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/logbraid" COMPONENT agent
    PATTERN "__pycache__" EXCLUDE)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/access_log"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/logbraid/examples" COMPONENT agent)
endif()
