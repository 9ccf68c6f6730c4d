# Parts of logbraid that stand on a library which need not be there: each is a CMake option, on
# where its library is found. What belongs to a part is found by name: clients/<part>*.cc,
# enrichers/<part>*.cc, and the tests and benchmarks that are named after it.

set_property(GLOBAL PROPERTY LOGBRAID_PARTS "")     # those that are built
set_property(GLOBAL PROPERTY LOGBRAID_NO_PARTS "")  # those that are not
set_property(GLOBAL PROPERTY LOGBRAID_PART_LIBRARIES "")
# What an installed logbraid has to find again.
set_property(GLOBAL PROPERTY LOGBRAID_PART_FINDERS "")

# logbraid_part(<part> TARGET <imported target> HEADER <h> LIBRARY <name> PACKAGE <Debian package>
#               HELP <text> [NEEDS <part>])
# NEEDS: a part before this one, whose library it needs as well.
function(logbraid_part part)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TARGET;HEADER;LIBRARY;PACKAGE;HELP;NEEDS" "")
  string(TOUPPER "LOGBRAID_${part}" option)
  string(MAKE_C_IDENTIFIER "LOGBRAID_${arg_LIBRARY}" variable)
  find_path(${variable}_INCLUDE_DIR "${arg_HEADER}")
  find_library(${variable}_LIBRARY "${arg_LIBRARY}")
  mark_as_advanced(${variable}_INCLUDE_DIR ${variable}_LIBRARY)
  set(found OFF)
  if(${variable}_INCLUDE_DIR AND ${variable}_LIBRARY)
    set(found ON)
  endif()
  get_property(missing GLOBAL PROPERTY LOGBRAID_NO_PARTS)
  if(arg_NEEDS AND arg_NEEDS IN_LIST missing)
    set(found OFF)
  endif()
  option(${option} "${arg_HELP} (needs ${arg_PACKAGE})" ${found})
  if(NOT ${option})
    set_property(GLOBAL APPEND PROPERTY LOGBRAID_NO_PARTS "${part}")
    return()
  endif()
  if(arg_NEEDS AND arg_NEEDS IN_LIST missing)
    string(TOUPPER "LOGBRAID_${arg_NEEDS}" needed)
    message(FATAL_ERROR "${option} needs ${needed}: switch both on, or both off.")
  endif()
  set(finder ${arg_TARGET} "${arg_HEADER}" "${arg_LIBRARY}" "lib${arg_LIBRARY}" "${arg_PACKAGE}")
  logbraid_find_library(${finder})
  set_property(GLOBAL APPEND PROPERTY LOGBRAID_PART_LIBRARIES "${arg_TARGET}")
  list(JOIN finder " " finder)
  set_property(GLOBAL APPEND_STRING PROPERTY LOGBRAID_PART_FINDERS
    "logbraid_find_library(${finder})\n")
  set_property(GLOBAL APPEND PROPERTY LOGBRAID_PARTS "${part}")
endfunction()

# Takes the sources of parts that are not built out of the list named `result`.
function(logbraid_leave_out_parts result)
  set(sources "${${result}}")
  get_property(missing GLOBAL PROPERTY LOGBRAID_NO_PARTS)
  foreach(part IN LISTS missing)
    list(FILTER sources EXCLUDE REGEX
      "/(clients/|enrichers/|end_to_end/agent_|fuzz/|micro/)${part}(_[a-z0-9_]*)?\\.cc$")
  endforeach()
  if(NOT TARGET c-ares::cares)  # of several parts
    list(FILTER sources EXCLUDE REGEX "/clients/host_resolver\\.cc$")
  endif()
  set(${result} "${sources}" PARENT_SCOPE)
endfunction()

# The file sees LOGBRAID_HAS_<PART>=1 or 0 for each part.
function(logbraid_say_parts file)
  get_property(built GLOBAL PROPERTY LOGBRAID_PARTS)
  get_property(missing GLOBAL PROPERTY LOGBRAID_NO_PARTS)
  foreach(part IN LISTS built missing)
    set(value 0)
    if(part IN_LIST built)
      set(value 1)
    endif()
    string(TOUPPER "LOGBRAID_HAS_${part}=${value}" definition)
    set_property(SOURCE "${file}" APPEND PROPERTY COMPILE_DEFINITIONS "${definition}")
  endforeach()
endfunction()
