/// Why a dead-man did not do what it was told.
package enum DeadManError: Error, Hashable, Sendable {
  /// Nothing is guarded, and nothing may be changed.
  case notStarted(String)
  /// It is taking the change back, or has.
  case tooLate(String)
  case failed(String)
}

extension DeadManError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notStarted(let reason): "nobody could be set to take the change back if need be: \(reason)"
    case .tooLate(let reason): "the change was taken back before it could be confirmed: \(reason)"
    case .failed(let reason): "who guards the change failed: \(reason)"
    }
  }
}
