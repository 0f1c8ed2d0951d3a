// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for; an empty value is none.
enum RunOptions {
  private static func value(_ name: String) -> Substring? {
    CommandLine.arguments.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.count + 1)
  }

  static let scale = value("QUICK") == "1" ? Scale.quick : .full
  static let only = (value("ONLY") ?? "").split(separator: ",").map(String.init)
  /// A part, or a little, is to look at only.
  static let isWhole = scale == .full && only.isEmpty
}
