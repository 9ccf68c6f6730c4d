# Language level, warnings and ccache, the same for every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LOGBRAID_CCACHE ccache)
  if(LOGBRAID_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${LOGBRAID_CCACHE}")
  endif()
endif()

# What every target of ours is compiled with; users of the library do not inherit it.
add_library(logbraid_warnings INTERFACE)
target_compile_options(logbraid_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
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
