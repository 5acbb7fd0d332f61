import Model

/// How a plan would be carried out: what the kernel would hold on trial, and what would be made in place.
package struct TrialForecast: Codable, Hashable, Sendable {
  package enum Course: String, Codable, Sendable {
    /// At once and for good: nothing would prove it.
    case direct
    /// For some time, unless it is confirmed.
    case trial
    case refused
  }

  /// A part of nftables that the kernel cannot hold on trial; another process takes it back.
  package struct InPlace: Codable, Hashable, Sendable {
    package var table: String
    package var reason: String
  }

  package var course: Course
  /// Why it is refused, or not proved.
  package var reason: String?
  /// Seconds until it would be taken back.
  package var deadline: Double?
  /// Those that are tried.
  package var tables: [String] = []
  package var inPlace: [InPlace] = []
  /// Routes and policy rules; another process takes them back.
  package var routes = 0

  package init(_ course: Course, reason: String) {
    self.course = course
    self.reason = reason
  }

  /// - Parameter deadline: how long it would be held until it is confirmed.
  package init(_ trial: TrialPlan, routes: Int, deadline: Duration) {
    course = .trial
    tables = trial.tables.map { "\($0)" }
    self.deadline = deadline / .seconds(1)
    self.routes = routes
    inPlace = trial.obstacles.map { InPlace(table: "\($0.table)", reason: "\($0.obstacle)") }
  }
}

extension TrialForecast: CustomStringConvertible {
  /// One line for each thing to know.
  package var description: String {
    switch course {
    case .direct: return "applied at once and for good: \(reason ?? "nothing would prove it")"
    case .refused: return "apply will refuse this: \(reason ?? "it cannot be tried")"
    case .trial: break
    }
    var lines: [String] = []
    if !tables.isEmpty { lines.append("on trial in the kernel: \(Self.list(tables, "table"))") }
    for part in inPlace { lines.append("in place, table \(part.table): \(part.reason)") }
    if routes > 0 {
      lines.append("in place: \(routes == 1 ? "1 route or policy rule" : "\(routes) routes and policy rules")")
    }
    lines.append("taken back after \(deadline.map(Self.seconds) ?? "some time") unless the probes hold")
    return lines.joined(separator: "\n")
  }

  private static func list(_ names: [String], _ noun: String) -> String {
    "\(noun)\(names.count == 1 ? "" : "s") \(names.joined(separator: ", "))"
  }

  private static func seconds(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value)) s" : "\(value) s"
  }
}
