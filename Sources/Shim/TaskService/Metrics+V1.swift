// SPDX-License-Identifier: Apache-2.0

internal import CgroupMetrics
internal import Linux
internal import SwiftProtobuf

extension CgroupV1Metrics {
  /// What the kernel tells of a group of version 1, as containerd's own shims say it.
  init(_ group: ControlGroup) {
    self.init()
    cpu = CgroupV1CPUStat(group)
    memory = CgroupV1MemoryStat(group)
    memoryOomControl = CgroupV1MemoryOomControl(group)
    if let current = group.number("pids.current", of: "pids") {
      pids.current = current
      pids.limit = group.number("pids.max", of: "pids") ?? 0
    }
    hugetlb = group.pageSizes("usage_in_bytes").map { size in
      .with {
        $0.pagesize = size
        $0.usage = group.number("hugetlb.\(size).usage_in_bytes", of: "hugetlb") ?? 0
        $0.max = group.number("hugetlb.\(size).max_usage_in_bytes", of: "hugetlb") ?? 0
        $0.failcnt = group.number("hugetlb.\(size).failcnt", of: "hugetlb") ?? 0
      }
    }
    if group.folder("blkio") != nil { blkio = CgroupV1BlkIOStat(group) }
    if group.folder("rdma") != nil {
      rdma.current = group.lines("rdma.current", of: "rdma").map(CgroupV1RdmaEntry.init)
      rdma.limit = group.lines("rdma.max", of: "rdma").map(CgroupV1RdmaEntry.init)
    }
  }
}

extension CgroupV1CPUStat {
  /// Nanoseconds of a clock tick (USER_HZ is 100 wherever Linux runs).
  private static let tick: UInt64 = 10_000_000

  fileprivate init(_ group: ControlGroup) {
    self.init()
    let times = group.table("cpuacct.stat", of: "cpuacct")
    usage.total = group.number("cpuacct.usage", of: "cpuacct") ?? 0
    usage.kernel = times["system"] &* Self.tick
    usage.user = times["user"] &* Self.tick
    let each = group.lines("cpuacct.usage_percpu", of: "cpuacct").first ?? []
    usage.perCpu = each.map(group.value)
    let limits = group.table("cpu.stat", of: "cpu")
    throttling.periods = limits["nr_periods"]
    throttling.throttledPeriods = limits["nr_throttled"]
    throttling.throttledTime = limits["throttled_time"]
  }
}

extension CgroupV1MemoryStat {
  fileprivate init(_ group: ControlGroup) {
    self.init()
    let stat = group.table("memory.stat", of: "memory")
    cache = stat["cache"]
    rss = stat["rss"]
    rssHuge = stat["rss_huge"]
    mappedFile = stat["mapped_file"]
    dirty = stat["dirty"]
    writeback = stat["writeback"]
    pgPgIn = stat["pgpgin"]
    pgPgOut = stat["pgpgout"]
    pgFault = stat["pgfault"]
    pgMajFault = stat["pgmajfault"]
    inactiveAnon = stat["inactive_anon"]
    activeAnon = stat["active_anon"]
    inactiveFile = stat["inactive_file"]
    activeFile = stat["active_file"]
    unevictable = stat["unevictable"]
    hierarchicalMemoryLimit = stat["hierarchical_memory_limit"]
    hierarchicalSwapLimit = stat["hierarchical_memsw_limit"]
    totalCache = stat["total_cache"]
    totalRss = stat["total_rss"]
    totalRssHuge = stat["total_rss_huge"]
    totalMappedFile = stat["total_mapped_file"]
    totalDirty = stat["total_dirty"]
    totalWriteback = stat["total_writeback"]
    totalPgPgIn = stat["total_pgpgin"]
    totalPgPgOut = stat["total_pgpgout"]
    totalPgFault = stat["total_pgfault"]
    totalPgMajFault = stat["total_pgmajfault"]
    totalInactiveAnon = stat["total_inactive_anon"]
    totalActiveAnon = stat["total_active_anon"]
    totalInactiveFile = stat["total_inactive_file"]
    totalActiveFile = stat["total_active_file"]
    totalUnevictable = stat["total_unevictable"]
    // Clients read this one without asking whether it is there.
    usage = CgroupV1MemoryEntry(group, "memory") ?? .init()
    if let entry = CgroupV1MemoryEntry(group, "memory.memsw") { swap = entry }
    if let entry = CgroupV1MemoryEntry(group, "memory.kmem") { kernel = entry }
    if let entry = CgroupV1MemoryEntry(group, "memory.kmem.tcp") { kernelTcp = entry }
  }
}

extension CgroupV1MemoryEntry {
  /// Nil where the kernel keeps no such count.
  fileprivate init?(_ group: ControlGroup, _ prefix: String) {
    guard let usage = group.number("\(prefix).usage_in_bytes", of: "memory") else { return nil }
    self.init()
    self.usage = usage
    max = group.number("\(prefix).max_usage_in_bytes", of: "memory") ?? 0
    failcnt = group.number("\(prefix).failcnt", of: "memory") ?? 0
    limit = group.number("\(prefix).limit_in_bytes", of: "memory") ?? 0
  }
}

extension CgroupV1MemoryOomControl {
  fileprivate init(_ group: ControlGroup) {
    self.init()
    let table = group.table("memory.oom_control", of: "memory")
    oomKillDisable = table["oom_kill_disable"]
    underOom = table["under_oom"]
    oomKill = table["oom_kill"]
  }
}

extension CgroupV1BlkIOStat {
  fileprivate init(_ group: ControlGroup) {
    self.init()
    let devices = BlockDevices()
    func entries(_ name: String) -> [CgroupV1BlkIOEntry] {
      group.lines("blkio.\(name)", of: "blkio").compactMap { devices.entry($0) }
    }
    ioServiceBytesRecursive = entries("io_service_bytes_recursive")
    ioServicedRecursive = entries("io_serviced_recursive")
    ioQueuedRecursive = entries("io_queued_recursive")
    ioServiceTimeRecursive = entries("io_service_time_recursive")
    ioWaitTimeRecursive = entries("io_wait_time_recursive")
    ioMergedRecursive = entries("io_merged_recursive")
    ioTimeRecursive = entries("time_recursive")
    sectorsRecursive = entries("sectors_recursive")
    // Schedulers without counts of their own leave it to the throttle.
    if self == .init() {
      ioServicedRecursive = entries("throttle.io_serviced")
      ioServiceBytesRecursive = entries("throttle.io_service_bytes")
    }
  }
}

/// The names of block devices, from /proc/partitions: lines `major minor blocks name`.
private struct BlockDevices {
  private var names: [Substring: Substring] = [:]

  init() {
    for line in (ProcFile.read("partitions") ?? "").split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 4 { names["\(words[0]):\(words[1])"] = words[3] }
    }
  }

  /// Lines `major:minor operation value` or `major:minor value`; the sum has no device.
  func entry(_ words: [Substring]) -> CgroupV1BlkIOEntry? {
    let numbers = (words.first ?? "").split(separator: ":").compactMap { UInt64($0) }
    guard words.count >= 2, numbers.count == 2, let value = words.last.flatMap({ UInt64($0) })
    else { return nil }
    return .with {
      $0.major = numbers[0]
      $0.minor = numbers[1]
      $0.device = names[words[0]].map { "/dev/\($0)" } ?? ""
      if words.count > 2 { $0.op = String(words[1]) }
      $0.value = value
    }
  }
}

extension CgroupV1RdmaEntry {
  fileprivate init(_ words: [Substring]) {
    self.init()
    let counts = RdmaCounts(words)
    device = counts.device
    hcaHandles = counts.handles
    hcaObjects = counts.objects
  }
}
