// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A drawing, in pixels from the upper left corner, which can be read on light and on dark ground.
struct SVG {
  enum Anchor: String { case start, middle, end }

  private let width: Double
  private let height: Double
  private var elements: [String] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// - Parameter style: a class of the style sheet below.
  mutating func text(
    _ words: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, style: String = "text"
  ) {
    let escaped = words.replacingOccurrences(of: "&", with: "&amp;")
      .replacingOccurrences(of: "<", with: "&lt;")
    elements.append(
      "<text class=\"\(style)\" x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\">"
        + "\(escaped)</text>")
  }

  mutating func line(_ points: [(x: Double, y: Double)], style: String) {
    let path = points.map { "\(short($0.x)),\(short($0.y))" }.joined(separator: " ")
    elements.append("<polyline class=\"\(style)\" points=\"\(path)\"/>")
  }

  mutating func bar(_ x: Double, _ y: Double, width: Double, height: Double, style: String) {
    elements.append(
      "<rect class=\"\(style)\" x=\"\(short(x))\" y=\"\(short(y))\" "
        + "width=\"\(short(max(width, 1)))\" height=\"\(short(height))\"/>")
  }

  var document: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(short(width)) \(short(height))" \
    width="\(short(width))" height="\(short(height))">
    <style>
    text { font: 12px sans-serif; fill: #333 } .title { font-size: 14px; font-weight: bold }
    polyline { fill: none; stroke-width: 2 } .axis { stroke: #999; stroke-width: 1 }
    .grid { stroke: #ddd; stroke-width: 1 }
    .ours { stroke: #0b62c4 } .stock { stroke: #c2570c } .limit { stroke: #777 }
    rect.ours { fill: #0b62c4; stroke: none } rect.stock { fill: #c2570c; stroke: none }
    rect.limit { fill: #777; stroke: none }
    @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .axis { stroke: #888 } .grid { stroke: #444 }
    .ours { stroke: #6cb0ff } .stock { stroke: #ff9d5c } .limit { stroke: #aaa }
    rect.ours { fill: #6cb0ff } rect.stock { fill: #ff9d5c } rect.limit { fill: #aaa }
    }
    </style>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }
}

/// A tenth of a pixel is enough.
private func short(_ value: Double) -> String {
  let text = String((value * 10).rounded() / 10)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
