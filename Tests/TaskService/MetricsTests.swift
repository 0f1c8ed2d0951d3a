// SPDX-License-Identifier: Apache-2.0

import CgroupMetrics
import Foundation
import Testing

@testable import Linux
@testable import TaskService

/// Stats of files that a kernel has, or may have. (Version 1 is compared with containerd's own shim,
/// see ResourceTests.)
@Suite final class MetricsTests {
  private let folder = NSTemporaryDirectory() + "metrics-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A group `/a` whose files are these.
  private func group(_ mount: String, _ line: String, _ files: [String: String]) throws
    -> ControlGroup
  {
    for (name, text) in files {
      let path = "\(folder)/\(name)"
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
    return ControlGroup(CgroupHierarchies(mount, at: folder), line)
  }

  private func unified(_ files: [String: String]) throws -> CgroupV2Metrics {
    let named = Dictionary(uniqueKeysWithValues: files.map { ("a/\($0)", $1) })
    return CgroupV2Metrics(try group("1 2 0:1 / \(folder) rw - cgroup2 c rw", "0::/a\n", named))
  }

  @Test func version2() throws {
    let pressure = "some avg10=1.50 avg60=0.25 avg300=0.00 total=77\nfull avg10=0.00 total=5\n"
    let metrics = try unified([
      "pids.current": "3\n", "pids.max": "max\n",
      "cpu.stat": "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_bursts 1\n",
      "cpu.pressure": pressure,
      "memory.stat": "anon 4096\nfile 8192\nthp_collapse_alloc 9\nnew_in_some_kernel 1\n",
      "memory.current": "12288\n", "memory.max": "104857600\n", "memory.peak": "16384\n",
      "memory.swap.max": "max\n",
      "memory.events": "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n",
      "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n7:1 \n",
      "rdma.current": "mlx4_0 hca_handle=2 hca_object=2000\n",
      "rdma.max": "mlx4_0 hca_handle=max hca_object=1\n",
      "hugetlb.2MB.current": "2097152\n", "hugetlb.2MB.max": "max\n",
      "hugetlb.2MB.events": "max 7\n",
    ])
    #expect(metrics.pids.current == 3 && metrics.pids.limit == .max)
    #expect(metrics.cpu.usageUsec == 30 && metrics.cpu.userUsec == 20)
    #expect(metrics.cpu.systemUsec == 10 && metrics.cpu.nrBursts == 1)
    #expect(metrics.cpu.psi.some.avg10 == 1.5 && metrics.cpu.psi.some.avg60 == 0.25)
    #expect(metrics.cpu.psi.some.total == 77 && metrics.cpu.psi.full.total == 5)
    #expect(metrics.memory.anon == 4096 && metrics.memory.file == 8192)
    #expect(metrics.memory.thpCollapseAlloc == 9 && metrics.memory.usage == 12288)
    #expect(metrics.memory.usageLimit == 104_857_600 && metrics.memory.maxUsage == 16384)
    #expect(metrics.memory.swapLimit == .max && metrics.memory.swapUsage == 0)
    #expect(!metrics.memory.hasPsi)
    #expect(metrics.memoryEvents.high == 1 && metrics.memoryEvents.oomKill == 4)
    #expect(metrics.memoryEvents.oomGroupKill == 5)
    #expect(metrics.io.usage.map(\.major) == [8, 7])
    #expect(metrics.io.usage[0].rbytes == 1 && metrics.io.usage[0].wios == 4)
    #expect(metrics.rdma.current[0].hcaObjects == 2000)
    #expect(metrics.rdma.limit[0].hcaHandles == .max)
    #expect(metrics.hugetlb.count == 1 && metrics.hugetlb[0].pagesize == "2MB")
    #expect(metrics.hugetlb[0].current == 2_097_152 && metrics.hugetlb[0].failcnt == 7)
  }

  /// Found by `make fuzz`.
  @Test func aLineWithoutWords() throws {
    let metrics = try unified([
      "cpu.stat": "usage_usec 1\n", "cpu.pressure": "  \nsome total=7\n",
    ])
    #expect(metrics.cpu.psi.some.total == 7)
  }

  @Test func nothingOfVersion2() throws {
    let metrics = try unified(["cgroup.procs": ""])
    #expect(!metrics.hasMemoryEvents && metrics.memory.usage == 0 && metrics.io.usage.isEmpty)
  }

  @Test func blockDevicesOfVersion1() throws {
    let metrics = CgroupV1Metrics(
      try group(
        "1 2 0:1 / \(folder)/blkio rw - cgroup c rw,blkio", "3:blkio:/a\n",
        [
          "blkio/a/blkio.throttle.io_serviced": "8:0 Read 5\n8:0 Total 5\nTotal 5\n",
          "blkio/a/blkio.throttle.io_service_bytes":
            "8:0 Read -1\nx:y Read 1\n8:0 Read\n9:1 4096\n",
        ]))
    #expect(metrics.blkio.ioServicedRecursive.map(\.op) == ["Read", "Total"])
    #expect(metrics.blkio.ioServicedRecursive.map(\.value) == [5, 5])
    #expect(metrics.blkio.ioServiceBytesRecursive.map(\.value) == [4096])
    #expect(metrics.hasMemory && metrics.memory.hasUsage)
  }
}
