/// Why a trial did not go on as it should. Whatever else the kernel refuses is a `KernelError`.
package enum TrialError: Error, Hashable, Sendable {
  /// The trial was over before the confirmation reached the kernel; nothing was changed, and the old rules stand.
  case tooLate(UInt64)
  /// The baton could end before the trial does, or so soon after it that nobody could tell. Nothing is on trial.
  case outlastsBaton(remaining: Duration?, lasting: Duration)
  /// Nothing of what was planned can be tried.
  case nothingToTry
  /// Other programs commit so often that the trial's parts could not be replaced between two of them.
  case busy(attempts: Int)
}

extension TrialError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLate(let number):
      "trial \(number) was over before it was confirmed; the rules are what they were before it"
    case .outlastsBaton(let remaining, let lasting):
      """
      a trial of \(lasting) would outlast the baton, which is held for \(remaining.map { "\($0)" } ?? "no time") more; \
      nothing is on trial
      """
    case .nothingToTry: "no change can be put on trial"
    case .busy(let attempts):
      """
      other programs changed nftables during each of \(attempts) attempts to tidy up after a trial; what is in effect \
      stays in effect, and the tidying can be repeated at any time
      """
    }
  }
}
