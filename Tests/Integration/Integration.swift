// SPDX-License-Identifier: Apache-2.0

import Testing

/// Black-box tests of the release (`make all`): of what is shipped, under a real containerd and
/// alone. One after the other, since some of them measure.
@Suite(.serialized) struct Integration {}
