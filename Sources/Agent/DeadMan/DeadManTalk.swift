/// What an agent and its dead-man say to each other: lines over two pipes, one answer for each order.
enum DeadManTalk {
  enum Order: Hashable, Sendable {
    /// First of all. The deadline is in nanoseconds of `CLOCK_BOOTTIME`.
    case guardUntil(UInt64, trial: UInt64?)
    case keep
    case standDown
  }

  enum Answer: Hashable, Sendable {
    case armed
    case kept
    case undone(String)
    /// It was not done; why.
    case failed(String)
  }
}

extension DeadManTalk.Order {
  var line: String {
    switch self {
    case .guardUntil(let deadline, let trial): "guard \(deadline) \(trial.map { "\($0)" } ?? "-")"
    case .keep: "keep"
    case .standDown: "stand down"
    }
  }

  init?(line: String) {
    let words = line.split(separator: " ")
    switch (words.first, words.count) {
    case ("guard", 3):
      guard let deadline = UInt64(words[1]) else { return nil }
      let trial = UInt64(words[2])
      guard trial != nil || words[2] == "-" else { return nil }
      self = .guardUntil(deadline, trial: trial)
    case ("keep", 1): self = .keep
    case ("stand", 2): self = .standDown
    default: return nil
    }
  }
}

extension DeadManTalk.Answer {
  var line: String {
    switch self {
    case .armed: "armed"
    case .kept: "kept"
    case .undone(let reason): "undone \(reason.inOneLine)"
    case .failed(let reason): "failed \(reason.inOneLine)"
    }
  }

  init?(line: String) {
    let words = line.split(separator: " ", maxSplits: 1)
    let rest = words.count > 1 ? String(words[1]) : ""
    switch words.first {
    case "armed": self = .armed
    case "kept": self = .kept
    case "undone": self = .undone(rest)
    case "failed": self = .failed(rest)
    default: return nil
    }
  }
}

extension String {
  fileprivate var inOneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}
