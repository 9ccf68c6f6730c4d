# For those who use logbraid: finds what the components asked for stand on, and nothing else.
#   engine      logbraid/engine.h; with Boost's headers also logbraid/asio.h
#   enrichers   logbraid/builtin.h: the enrichers that come with logbraid
# Without a component: engine.
include(CMakeFindDependencyMacro)

set(logbraid_wanted ${logbraid_FIND_COMPONENTS})
if(NOT logbraid_wanted)
  set(logbraid_wanted engine)
endif()

function(logbraid_missing what package)
  message(FATAL_ERROR "logbraid needs ${what} (Debian package ${package})")
endfunction()
include("${CMAKE_CURRENT_LIST_DIR}/logbraid_find_library.cmake")

find_dependency(Threads)
find_dependency(Boost 1.81)
find_dependency(simdjson)
find_dependency(fmt)
logbraid_find_library(re2::re2 re2/re2.h re2 RE2 libre2-dev)
logbraid_find_library(xxHash::xxHash xxhash.h xxhash xxHash libxxhash-dev)
if("enrichers" IN_LIST logbraid_wanted)
  find_dependency(OpenSSL COMPONENTS Crypto SSL)
  logbraid_find_library(maxminddb::maxminddb maxminddb.h maxminddb libmaxminddb libmaxminddb-dev)
  include("${CMAKE_CURRENT_LIST_DIR}/logbraid-parts.cmake")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/logbraid-targets.cmake")

foreach(component IN LISTS logbraid_wanted)
  if(component STREQUAL "engine" OR component STREQUAL "enrichers")
    set(logbraid_${component}_FOUND TRUE)
  elseif(logbraid_FIND_REQUIRED_${component})
    set(logbraid_FOUND FALSE)
    set(logbraid_NOT_FOUND_MESSAGE
      "there is no component ${component}; there are: engine, enrichers")
  endif()
endforeach()
