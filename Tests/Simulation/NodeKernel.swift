/// A node's rules and routes, as its kernel has them.
struct NodeKernel {
  /// Rules are those of one number, and what other programs have edited in them.
  struct Rules: Equatable {
    var number = 0
    var scars: [Int] = []
  }

  struct Trial {
    var number: UInt64
    var token: UInt64
    var instance: Int
    /// When its time is over, in truth.
    var ends: Microseconds
    var rules: Rules
    /// When the element's time is over, in truth; nil once it is gone, by whatever cause.
    var elementEnds: Microseconds?
    /// By the node's wall clock.
    var clockEnds: Microseconds
    var isKept = false
    /// Since when it has been over, in truth, so that packets may have met the old rules again.
    var overSince: Microseconds?
    /// When it was confirmed, and when the process that did so had its last look at the time, in truth.
    var confirmed: (at: Microseconds, looked: Microseconds)?
  }

  /// Routes that nobody has kept yet.
  struct OpenRoutes {
    var token: UInt64
    var instance: Int
    /// The trial whose confirmation keeps them, too.
    var trial: UInt64?
    /// When the change's time is over, in truth.
    var ends: Microseconds
    /// When they were changed first, if that was after their time.
    var late: Microseconds?
  }

  enum Refusal: Error {
    /// `ERESTART`: somebody else committed meanwhile.
    case moved
    /// `ENOENT`: what should be removed is not there.
    case absent
  }

  var generation = 1
  var rules = Rules()
  var trial: Trial?
  /// Those that are changed before the rules, and those after.
  var routes = [0, 0]
  var openRoutes: OpenRoutes?
  /// The newest token whose change this kernel has seen.
  var newestToken: UInt64 = 0
  /// Something was put on top of what it was not made for.
  var mixed: String?

  /// What packets meet.
  func rulesInEffect(at now: Microseconds, wall: Microseconds) -> Int {
    guard let trial, trial.isKept || isTrying(at: now, wall: wall) else { return rules.number }
    return trial.rules.number
  }

  func isTrying(at now: Microseconds, wall: Microseconds) -> Bool {
    guard let trial, !trial.isKept, let ends = trial.elementEnds else { return false }
    return now < ends && wall < trial.clockEnds
  }

  mutating func foreignCommit(scar: Int?) {
    generation += 1
    if let scar { rules.scars.append(scar) }
  }

  // MARK: - netbaton's own batches

  /// - Parameter known: the rules that it was planned from.
  mutating func arm(_ trial: Trial, from known: Rules) {
    if self.trial != nil { mixed = "a trial is armed beside another" }
    generation += 1
    self.trial = trial
    // A difference to rules that are not there any more leaves in place what it does not know.
    self.trial?.rules.scars = rules.scars.filter { !known.scars.contains($0) }
    if known.number != rules.number { mixed = "rules are planned from others than are there" }
    newestToken = max(newestToken, trial.token)
  }

  /// - Parameter looked: when the process that asks for it had its last look at the time.
  mutating func confirm(_ number: UInt64, at now: Microseconds, looked: Microseconds) throws(Refusal) {
    guard let trial, !trial.isKept, trial.number == number, let ends = trial.elementEnds, now < ends
    else { throw .absent }
    generation += 1
    self.trial?.isKept = true
    self.trial?.elementEnds = nil
    self.trial?.confirmed = (now, looked)
  }

  /// - Parameter seen: the generation that it was planned from; nil to compare nothing.
  mutating func promote(from seen: Int?, scars known: [Int]) throws(Refusal) {
    guard seen == nil || seen == generation else { throw .moved }
    guard let trial, trial.isKept else { return }
    generation += 1
    let left = rules.scars.filter { !known.contains($0) }
    rules = trial.rules
    if !left.isEmpty { mixed = "another program's edit is left in rules that were made plain" }
    if !trial.rules.scars.isEmpty { mixed = "another program's edit is left in rules that were tried" }
    rules.scars = []
    self.trial = nil
  }

  mutating func cleanUp(sparesKept: Bool) {
    guard let trial, !(trial.isKept && sparesKept) else { return }
    if trial.isKept { mixed = "a confirmed trial was taken away" }
    generation += 1
    self.trial = nil
  }
}
