// SPDX-License-Identifier: Apache-2.0

internal import CgroupMetrics
internal import Linux
internal import SwiftProtobuf

extension CgroupV2Metrics {
  /// What the kernel tells of a group of version 2, as containerd's own shims say it.
  init(_ group: ControlGroup) {
    self.init()
    pids.current = group.number("pids.current", of: "") ?? 0
    pids.limit = group.number("pids.max", of: "") ?? 0
    cpu = CgroupV2CPUStat(group)
    memory = CgroupV2MemoryStat(group)
    let events = group.table("memory.events", of: "")
    if !events.isEmpty { memoryEvents = CgroupV2MemoryEvents(events) }
    io.usage = group.lines("io.stat", of: "").compactMap(CgroupV2IOEntry.init)
    if let psi = CgroupV2PSIStats(group, "io.pressure") { io.psi = psi }
    rdma.current = group.lines("rdma.current", of: "").map(CgroupV2RdmaEntry.init)
    rdma.limit = group.lines("rdma.max", of: "").map(CgroupV2RdmaEntry.init)
    hugetlb = group.pageSizes("current").map { size in
      .with {
        $0.pagesize = size
        $0.current = group.number("hugetlb.\(size).current", of: "") ?? 0
        $0.max = group.number("hugetlb.\(size).max", of: "") ?? 0
        $0.failcnt = group.table("hugetlb.\(size).events", of: "")["max"]
      }
    }
  }
}

extension CgroupV2CPUStat {
  fileprivate init(_ group: ControlGroup) {
    self.init()
    let stat = group.table("cpu.stat", of: "")
    usageUsec = stat["usage_usec"]
    userUsec = stat["user_usec"]
    systemUsec = stat["system_usec"]
    nrPeriods = stat["nr_periods"]
    nrThrottled = stat["nr_throttled"]
    throttledUsec = stat["throttled_usec"]
    nrBursts = stat["nr_bursts"]
    burstUsec = stat["burst_usec"]
    if let psi = CgroupV2PSIStats(group, "cpu.pressure") { self.psi = psi }
  }
}

extension CgroupV2MemoryStat {
  fileprivate init(_ group: ControlGroup) {
    self.init()
    let stat = group.table("memory.stat", of: "")
    anon = stat["anon"]
    file = stat["file"]
    kernelStack = stat["kernel_stack"]
    slab = stat["slab"]
    sock = stat["sock"]
    shmem = stat["shmem"]
    fileMapped = stat["file_mapped"]
    fileDirty = stat["file_dirty"]
    fileWriteback = stat["file_writeback"]
    anonThp = stat["anon_thp"]
    inactiveAnon = stat["inactive_anon"]
    activeAnon = stat["active_anon"]
    inactiveFile = stat["inactive_file"]
    activeFile = stat["active_file"]
    unevictable = stat["unevictable"]
    slabReclaimable = stat["slab_reclaimable"]
    slabUnreclaimable = stat["slab_unreclaimable"]
    pgfault = stat["pgfault"]
    pgmajfault = stat["pgmajfault"]
    workingsetRefault = stat["workingset_refault"]
    workingsetActivate = stat["workingset_activate"]
    workingsetNodereclaim = stat["workingset_nodereclaim"]
    pgrefill = stat["pgrefill"]
    pgscan = stat["pgscan"]
    pgsteal = stat["pgsteal"]
    pgactivate = stat["pgactivate"]
    pgdeactivate = stat["pgdeactivate"]
    pglazyfree = stat["pglazyfree"]
    pglazyfreed = stat["pglazyfreed"]
    thpFaultAlloc = stat["thp_fault_alloc"]
    thpCollapseAlloc = stat["thp_collapse_alloc"]
    usage = group.number("memory.current", of: "") ?? 0
    usageLimit = group.number("memory.max", of: "") ?? 0
    maxUsage = group.number("memory.peak", of: "") ?? 0
    swapUsage = group.number("memory.swap.current", of: "") ?? 0
    swapLimit = group.number("memory.swap.max", of: "") ?? 0
    swapMaxUsage = group.number("memory.swap.peak", of: "") ?? 0
    if let psi = CgroupV2PSIStats(group, "memory.pressure") { self.psi = psi }
  }
}

extension CgroupV2MemoryEvents {
  fileprivate init(_ events: CgroupTable) {
    self.init()
    low = events["low"]
    high = events["high"]
    max = events["max"]
    oom = events["oom"]
    oomKill = events["oom_kill"]
    oomGroupKill = events["oom_group_kill"]
  }
}

extension CgroupV2IOEntry {
  /// `major:minor name=value …`
  fileprivate init?(_ words: [Substring]) {
    let numbers = (words.first ?? "").split(separator: ":").compactMap { UInt64($0) }
    guard numbers.count == 2 else { return nil }
    self.init()
    major = numbers[0]
    minor = numbers[1]
    let values = NamedValues(words.dropFirst())
    rbytes = values["rbytes"]
    wbytes = values["wbytes"]
    rios = values["rios"]
    wios = values["wios"]
  }
}

extension CgroupV2PSIStats {
  /// Lines `some avg10=… avg60=… avg300=… total=…` and `full …`; nil where the kernel does not measure
  /// it.
  fileprivate init?(_ group: ControlGroup, _ file: String) {
    let lines = group.lines(file, of: "")
    if lines.isEmpty { return nil }
    self.init()
    for words in lines {
      if words[0] == "some" { some = CgroupV2PSIData(words) }
      if words[0] == "full" { full = CgroupV2PSIData(words) }
    }
  }
}

extension CgroupV2PSIData {
  fileprivate init(_ words: [Substring]) {
    self.init()
    let values = NamedValues(words.dropFirst())
    avg10 = values.fraction("avg10")
    avg60 = values.fraction("avg60")
    avg300 = values.fraction("avg300")
    total = values["total"]
  }
}

extension CgroupV2RdmaEntry {
  fileprivate init(_ words: [Substring]) {
    self.init()
    let counts = RdmaCounts(words)
    device = counts.device
    hcaHandles = counts.handles
    hcaObjects = counts.objects
  }
}
