package import SystemPackage

/// What keeps the history from being written or read, where, and what to do about it.
package struct HistoryError: Error, Hashable, Sendable {
  package var path: FilePath
  package var problem: String
  package var advice: String

  package init(_ path: FilePath, _ problem: String, advice: String) {
    self.path = path
    self.problem = problem
    self.advice = advice
  }
}

extension HistoryError: CustomStringConvertible {
  package var description: String { "\(path): \(problem); \(advice)" }
}
