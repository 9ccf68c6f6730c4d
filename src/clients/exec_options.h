#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "clients/exec_error_log.h"
#include "clients/exec_spawn.h"
#include "clients/json_fields.h"
#include "resilience/shard_part.h"

namespace logbraid {

// What the children of one enricher have in common.
struct ExecOptions {
  ExecProgram program;
  std::string name;             // of the program, for messages
  std::uint32_t processes = 1;  // of the process, divided among its shards
  std::size_t lines = 64;       // that a child has and has not answered
  std::size_t max_reply = 1024 * 1024;
  JsonFields answer{FieldPath()};
  ExecErrorLog::Say log = write_to_stderr;

  std::uint32_t processes_of(unsigned shard, unsigned shards) const {
    return part_of_shard(processes, shard, shards);
  }
};

}  // namespace logbraid
