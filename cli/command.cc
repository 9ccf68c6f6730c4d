#include "cli/command.h"

namespace logbraid::cli {

void add_config_arguments(CLI::App& command, ConfigArguments& arguments, Files files) {
  if (files == Files::one) {
    command.add_option("FILE", arguments.files, "The pipeline's configuration")
        ->required()
        ->expected(1);
  } else {
    command.add_option("FILE", arguments.files,
                       "The pipeline's configuration; of several, each is laid over those before");
  }
  command
      .add_option("-c,--config", arguments.more_files,
                  "One more configuration to lay over FILE; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--set", arguments.overrides,
                  "Sets one value over all files: execution.mode=sequential, "
                  "enrichers.NAME.timeout=50ms; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

}  // namespace logbraid::cli
