// SPDX-License-Identifier: Apache-2.0
//
// jansson: the JSON that the daemon reads (config.json), at a third of JSONDecoder's memory.
#include <jansson.h>
