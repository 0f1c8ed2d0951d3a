// SPDX-License-Identifier: Apache-2.0

/// Groups of lying bars, one in each for a subject, with their figures beside them.
struct BarPlot {
  let title: String
  /// Of all figures.
  let unit: String
  let groups: [(name: String, bars: [(subject: String, value: Double)])]

  private static let (width, left, right) = (640.0, 150.0, 96.0)
  private static let (top, thickness, gap) = (60.0, 14.0, 12.0)

  func draw() -> String {
    let rows = groups.reduce(0) { $0 + $1.bars.count }
    let height = Self.top + Double(rows) * Self.thickness + Double(groups.count) * Self.gap + 8
    var svg = SVG(width: Self.width, height: height)
    svg.text(title, 16, 22, style: "title")
    for (index, subject) in Subjects.all(in: groups.flatMap(\.bars).map(\.subject)).enumerated() {
      let begin = 16 + Double(index) * 190
      svg.bar(begin, 34, width: 24, height: 10, style: subject)
      svg.text(Subjects.name(subject), begin + 30, 44)
    }
    let axis = Axis(unit, .linear, groups.flatMap(\.bars).map(\.value))
    var y = Self.top
    for group in groups {
      let middle = y + Double(group.bars.count) * Self.thickness / 2
      svg.text(group.name, Self.left - 8, middle + 4, .end)
      for bar in group.bars {
        let length = axis.share(bar.value) * (Self.width - Self.left - Self.right)
        svg.bar(Self.left, y, width: length, height: Self.thickness - 2, style: bar.subject)
        svg.text("\(figure(bar.value)) \(unit)", Self.left + length + 6, y + 10)
        y += Self.thickness
      }
      y += Self.gap
    }
    return svg.document
  }
}
