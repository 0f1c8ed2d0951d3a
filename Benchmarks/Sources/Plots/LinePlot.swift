// SPDX-License-Identifier: Apache-2.0

/// Lines over an axis, one for each subject.
struct LinePlot {
  let title: String
  let x: Axis
  let y: Axis
  let lines: [(subject: String, points: [(x: Double, y: Double)])]

  private static let (width, height) = (640.0, 360.0)
  private static let (left, right, top, bottom) = (64.0, 24.0, 60.0, 48.0)

  func draw() -> String {
    var svg = SVG(width: Self.width, height: Self.height)
    svg.text(title, Self.left, 22, style: "title")
    drawAxes(&svg)
    for (index, line) in lines.enumerated() {
      let begin = Self.left + Double(index) * 190
      svg.line([(begin, 40), (begin + 24, 40)], style: line.subject)
      svg.text(Subjects.name(line.subject), begin + 30, 44)
      svg.line(line.points.map { (column($0.x), row($0.y)) }, style: line.subject)
    }
    return svg.document
  }

  private func drawAxes(_ svg: inout SVG) {
    let (end, foot) = (Self.width - Self.right, Self.height - Self.bottom)
    for tick in y.ticks {
      svg.line([(Self.left, row(tick)), (end, row(tick))], style: "grid")
      svg.text(y.name(tick), Self.left - 6, row(tick) + 4, .end)
    }
    for tick in x.ticks { svg.text(x.name(tick), column(tick), foot + 18, .middle) }
    svg.line([(Self.left, Self.top), (Self.left, foot), (end, foot)], style: "axis")
    svg.text(x.label, (Self.left + end) / 2, foot + 38, .middle)
    svg.text(y.label, end, 22, .end)
  }

  private func column(_ value: Double) -> Double {
    Self.left + x.share(value) * (Self.width - Self.left - Self.right)
  }

  private func row(_ value: Double) -> Double {
    Self.height - Self.bottom - y.share(value) * (Self.height - Self.top - Self.bottom)
  }
}
