# cmake -DCOMPILER=... -DROOT=... -DSOURCE=... -P compile_fail.cmake
# Succeeds when SOURCE does not compile and the compiler says what its first line names:
#   // error: <a part of the message>

file(STRINGS "${SOURCE}" first_line LIMIT_COUNT 1)
if(NOT first_line MATCHES "^// error: (.+)$")
  message(FATAL_ERROR "${SOURCE}: the first line must be `// error: <part of the message>`")
endif()
set(expected "${CMAKE_MATCH_1}")

execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -Wall -Wextra -Werror
    -I "${ROOT}/include" -I "${ROOT}/src" "${SOURCE}"
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, but should fail with: ${expected}")
endif()
string(FIND "${output}" "${expected}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "${SOURCE} fails without saying `${expected}`:\n${output}")
endif()
