# How a folder becomes a target. People who add a file need not touch CMake: sources are found by
# name, and the build looks again when a folder has changed.

set_property(GLOBAL PROPERTY LOGBRAID_FOLDERS "")

# logbraid_folder(<name> [DEPS folder...] [LINKS target...])
# src/<name>/*.cc becomes the static library logbraid_<name>; a folder without .cc an interface.
function(logbraid_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;LINKS")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cc")
  logbraid_leave_out_parts(sources)
  set(scope PUBLIC)
  if(sources)
    add_library(logbraid_${name} STATIC ${sources})
    target_link_libraries(logbraid_${name} PRIVATE $<BUILD_INTERFACE:logbraid_warnings>)
  else()
    add_library(logbraid_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_compile_features(logbraid_${name} ${scope} cxx_std_20)
  target_include_directories(logbraid_${name} ${scope}
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  list(TRANSFORM arg_DEPS PREPEND "logbraid_")
  target_link_libraries(logbraid_${name} ${scope} ${arg_DEPS} ${arg_LINKS})
  set_property(GLOBAL APPEND PROPERTY LOGBRAID_FOLDERS "${name}")
endfunction()

# The folders' targets, highest layer first (the order in which a linker wants static libraries).
# With a folder's name: that folder and the layers below it.
function(logbraid_libraries result)
  get_property(folders GLOBAL PROPERTY LOGBRAID_FOLDERS)
  set(libraries "")
  foreach(folder IN LISTS folders)
    list(PREPEND libraries "logbraid_${folder}")
    if(ARGC GREATER 1 AND folder STREQUAL ARGV1)
      break()
    endif()
  endforeach()
  set(${result} "${libraries}" PARENT_SCOPE)
endfunction()

# cli/*.cc becomes the program build/<preset>/logbraid.
function(logbraid_agent)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "LINKS")
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cli/*.cc")
  if(NOT sources)
    return()
  endif()
  logbraid_libraries(libraries)
  add_executable(logbraid-agent ${sources})
  set_target_properties(logbraid-agent PROPERTIES
    OUTPUT_NAME logbraid
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  target_include_directories(logbraid-agent PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(logbraid-agent PRIVATE LOGBRAID_VERSION="${PROJECT_VERSION}")
  file(RELATIVE_PATH data "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_DATADIR}")
  # Of this one file only, or no other checkout could share the compiled objects.
  set_source_files_properties("${PROJECT_SOURCE_DIR}/cli/home.cc" PROPERTIES
    COMPILE_DEFINITIONS
    "LOGBRAID_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\";LOGBRAID_DATA_FROM_PROGRAM=\"${data}/logbraid\"")
  target_link_libraries(logbraid-agent PRIVATE logbraid_warnings ${libraries} ${arg_LINKS})
endfunction()
