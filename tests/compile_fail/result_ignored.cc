// error: ignoring returned value
#include "logbraid/setting.h"

void broken(const logbraid::Setting& setting) { setting.as_bool(); }
