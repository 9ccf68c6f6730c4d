# Language level, warnings and ccache, the same for every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()

# Two checkouts share what ccache holds: it sees paths relative to this one, and what the compiler
# writes into objects (__FILE__, debug information) is relative to the root in any case.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LOGBRAID_CCACHE ccache)
  if(LOGBRAID_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${LOGBRAID_CCACHE}")
  endif()
endif()
file(RELATIVE_PATH logbraid_up "${PROJECT_BINARY_DIR}" "${PROJECT_SOURCE_DIR}")
string(REGEX REPLACE "/$" "" logbraid_up "${logbraid_up}")
add_compile_options(
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" "-ffile-prefix-map=${logbraid_up}/=")

# What every target of ours is compiled with; users of the library do not inherit it.
add_library(logbraid_warnings INTERFACE)
target_compile_options(logbraid_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(logbraid_warnings INTERFACE -Wthread-safety)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 in its own std::string (GCC bug 105651).
  target_compile_options(logbraid_warnings INTERFACE -Wno-restrict)
endif()
if(LOGBRAID_WERROR)
  target_compile_options(logbraid_warnings INTERFACE -Werror)
endif()
