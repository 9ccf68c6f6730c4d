// error: use of deleted function
#include "logbraid/patch.h"

void broken(logbraid::Patch& patch) { patch.set(logbraid::FieldPath("a"), 1); }
