# What comes from outside: packages of Debian 12, each as an imported target.
# scripts/setup.sh installs all of them.

function(logbraid_missing what package)
  message(FATAL_ERROR
    "${what} was not found (Debian package ${package}).\n"
    "Run ./logbraid, which installs what is missing, or scripts/setup.sh, then configure again.")
endfunction()

include(logbraid_find_library)

find_package(Threads REQUIRED)

find_package(Boost 1.81 QUIET)
if(NOT Boost_FOUND)
  logbraid_missing("Boost 1.81" libboost1.81-dev)
endif()
find_package(simdjson QUIET)
if(NOT simdjson_FOUND)
  logbraid_missing(simdjson libsimdjson-dev)
endif()
find_package(fmt QUIET)
if(NOT fmt_FOUND)
  logbraid_missing(fmt libfmt-dev)
endif()
find_package(yaml-cpp QUIET)
if(NOT yaml-cpp_FOUND)
  logbraid_missing(yaml-cpp libyaml-cpp-dev)
endif()
if(NOT TARGET yaml-cpp::yaml-cpp)  # the name since yaml-cpp 0.8
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
find_package(OpenSSL QUIET COMPONENTS Crypto SSL)
if(NOT OpenSSL_FOUND)
  logbraid_missing(OpenSSL libssl-dev)
endif()

logbraid_find_library(re2::re2 re2/re2.h re2 RE2 libre2-dev)
logbraid_find_library(maxminddb::maxminddb maxminddb.h maxminddb libmaxminddb libmaxminddb-dev)
logbraid_find_library(xxHash::xxHash xxhash.h xxhash xxHash libxxhash-dev)

find_path(LOGBRAID_CLI11_INCLUDE_DIR CLI/CLI.hpp)
mark_as_advanced(LOGBRAID_CLI11_INCLUDE_DIR)
if(NOT LOGBRAID_CLI11_INCLUDE_DIR)
  logbraid_missing(CLI11 libcli11-dev)
endif()
if(NOT TARGET CLI11::CLI11)
  add_library(CLI11::CLI11 INTERFACE IMPORTED GLOBAL)
  set_target_properties(CLI11::CLI11 PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${LOGBRAID_CLI11_INCLUDE_DIR}")
endif()

include(logbraid_parts)
logbraid_part(dns TARGET c-ares::cares HEADER ares.h LIBRARY cares
  PACKAGE libc-ares-dev HELP "Build the dns enricher")
logbraid_part(http TARGET CURL::libcurl HEADER curl/curl.h LIBRARY curl
  PACKAGE libcurl4-openssl-dev HELP "Build the http enricher"
  NEEDS dns)
logbraid_part(redis TARGET c-ares::cares HEADER ares.h LIBRARY cares
  PACKAGE libc-ares-dev HELP "Build the redis enricher"
  NEEDS dns)
logbraid_part(postgres TARGET PostgreSQL::PostgreSQL HEADER postgresql/libpq-fe.h LIBRARY pq
  PACKAGE libpq-dev HELP "Build the postgres enricher"
  NEEDS dns)
logbraid_part(sqlite TARGET SQLite::SQLite3 HEADER sqlite3.h LIBRARY sqlite3
  PACKAGE libsqlite3-dev HELP "Build the sqlite enricher")
