#pragma once

#include "logbraid/kind.h"
#include "tests/support/random_enricher.h"
#include "tests/support/random_plan.h"

namespace logbraid::test {

// The look-up that a random node is, with a service that answers each key by the node's act for it,
// after its delay and its first failures:
//   ok                       found: the node's own field, and the one that others set too
//   no_match                 not found, or found with nothing in it
//   error                    that key has failed
//   throws_exception         it is left without an answer
//   bad_event, throws_int    refused with all that stand beside it, so that the batch is split
//   huge                     found, and more than a patch may hold
// A key that hangs is answered when it is cancelled: that it was, or late and with an answer that
// nobody may keep.
//
// `node` and `run` outlive every client that it makes.
EnricherInstance make_random_lookup(const RandomNode& node, RandomRun& run);

}  // namespace logbraid::test
