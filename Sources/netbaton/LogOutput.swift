import History
import Logging
import SystemPackage

/// How log lines are written; they all go to standard error, for standard output is the commands' own.
enum LogFormat: String, CaseIterable, Sendable {
  /// A time and words, for a terminal.
  case text
  /// No time, but sd-daemon(3)'s `<N>` before the words: journald keeps both itself.
  case journal
  /// One JSON object a line.
  case json
}

/// Writes one line an event in one write(2), so that lines of several tasks never mix.
struct LogOutput: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let format: LogFormat
  private let label: String

  init(label: String, format: LogFormat, level: Logger.Level) {
    self.label = label
    self.format = format
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let message = event.message.description
    let line =
      switch format {
      case .text: "\(Timestamp.now()) \(event.level.padded) \(LogOutput.sentence(message, fields))"
      case .journal: "<\(event.level.syslogPriority)>\(LogOutput.sentence(message, fields))"
      case .json: LogOutput.json(event.level, message, fields)
      }
    // A line that cannot be written has nowhere else to go.
    _ = try? FileDescriptor.standardError.writeAll(Array((line + "\n").utf8))
  }

  private static func sentence(_ message: String, _ fields: [(key: String, value: Logger.Metadata.Value)]) -> String {
    fields.reduce(into: message) { line, field in
      let text = field.value.description
      let needsQuotes = text.isEmpty || text.contains { $0 == " " || $0 == "\"" || $0.isNewline }
      line += " \(field.key)=\(needsQuotes ? quoted(text) : text)"
    }
  }

  private static func json(
    _ level: Logger.Level, _ message: String, _ fields: [(key: String, value: Logger.Metadata.Value)]
  ) -> String {
    let head = [("time", Timestamp.now().description), ("level", level.rawValue), ("message", message)]
    let pairs = head + fields.map { ($0.key, $0.value.description) }
    return "{" + pairs.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
  }

  /// As RFC 8259 section 7 has it.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case let control where control.value < 0x20:
        let digits = String(control.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension Logger.Level {
  /// sd-daemon(3), syslog(3).
  fileprivate var syslogPriority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }

  fileprivate var padded: String { rawValue + String(repeating: " ", count: max(0, 8 - rawValue.count)) }
}
