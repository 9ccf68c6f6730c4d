# cmake -DBUILD=... -DROOT=... -DCOMPILER=... -DFLAGS=... [-DAGENT=bin/logbraid] -P check.cmake
# Installs the library that was built, and has a user's project find it, build, and run. Installs the
# agent and has it use the files that it needs beside itself.

set(place "${BUILD}/tests/install")
file(REMOVE_RECURSE "${place}")

function(run)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${place}/prefix" --component library)
run("${CMAKE_COMMAND}" -S "${ROOT}/tests/install" -B "${place}/build" -G Ninja
  "-DCMAKE_PREFIX_PATH=${place}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}"
  "-DCMAKE_BUILD_TYPE=Debug" "-DCMAKE_CXX_FLAGS_DEBUG=${FLAGS}"
  "-DEMBED=${ROOT}/examples/embed.cc")
run("${CMAKE_COMMAND}" --build "${place}/build")

function(expect program expected)
  run("${place}/build/${program}")
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR "${program} wrote\n${output}instead of\n${expected}")
  endif()
endfunction()

expect(embed [[{"path":"/admin/users","area":"admin","is_admin":true}
{"path":"nowhere","is_admin":false}
area: path does not start with /
]])
expect(user [[{"path":"/cart?id=7","url":{"path":"/cart","query":{"id":"7"}},"waited":true}
]])

if(AGENT)
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${place}/prefix" --component agent)
  set(agent "${CMAKE_COMMAND}" -E env --unset=LOGBRAID_HOME "${place}/prefix/${AGENT}")
  run(${agent} import fapilog "${ROOT}/tests/support/fapilog/shop.py" --output "${place}/shop.yaml")
  file(READ "${place}/shop.yaml" output)
  if(NOT output MATCHES "tests/install/prefix/[a-z/]*/contrib/fapilog/serve.py")
    message(FATAL_ERROR "the installed agent did not find its own serve.py:\n${output}")
  endif()
  run(${agent} check "${place}/shop.yaml")
  # Without a file it runs the example.
  run(${agent} run --quiet)
  if(NOT output MATCHES "^{")
    message(FATAL_ERROR "the installed agent did not run its example:\n${output}")
  endif()
endif()
