# An imported target for a library that ships neither a CMake package nor a good one.
function(logbraid_find_library target header library what package)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "LOGBRAID_${library}" variable)
  find_path(${variable}_INCLUDE_DIR "${header}")
  find_library(${variable}_LIBRARY "${library}")
  mark_as_advanced(${variable}_INCLUDE_DIR ${variable}_LIBRARY)
  if(NOT ${variable}_INCLUDE_DIR OR NOT ${variable}_LIBRARY)
    logbraid_missing("${what}" "${package}")
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${${variable}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${${variable}_INCLUDE_DIR}")
endfunction()
