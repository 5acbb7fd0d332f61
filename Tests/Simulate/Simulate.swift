import Simulation

#if canImport(Glibc)
  import Glibc
#endif

/// `simulate [COUNT]` runs schedules on all cores, `simulate --seed SEED` tells one seed's story, and `simulate --mutations`
/// takes the guards out one at a time, to see that each is missed.
@main
struct Simulate {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let first = firstSeed()
    switch (arguments.first ?? "100000", arguments.count) {
    case ("--seed", 2):
      guard let seed = UInt64(arguments[1]) else { return usage() }
      tell(Schedule.run(seed: seed, isTold: true))
    case ("--mutations", 1):
      await runMutations(Mutation.allCases, from: first)
    case ("--mutation", 2):
      guard let mutation = Mutation(rawValue: arguments[1]) else { return usage() }
      await runMutations([mutation], from: first)
    case (let word, 0...1):
      guard let count = UInt64(word) else { return usage() }
      print("\(count) schedules from seed \(first)")
      if let failed = await search(count, from: first).failed { tell(Schedule.run(seed: failed, isTold: true)) }
    default:
      usage()
    }
  }

  private static func usage() {
    print("usage: simulate [COUNT] | --seed SEED | --mutations | --mutation NAME; NETBATON_SEED sets the first seed")
    exit(2)
  }

  private static func firstSeed() -> UInt64 {
    var system = SystemRandomNumberGenerator()
    guard let text = unsafe getenv("NETBATON_SEED") else { return system.next() >> 16 }
    guard let seed = UInt64(unsafe String(cString: text)) else {
      print("NETBATON_SEED is not a whole number")
      exit(2)
    }
    return seed
  }

  /// Every guard must be missed by some schedule.
  private static func runMutations(_ mutations: [Mutation], from first: UInt64) async {
    var isMissed = true
    for mutation in mutations {
      let (events, failed) = await search(100_000, from: first, without: mutation, isQuiet: true)
      guard let failed else {
        print("without \(mutation): no invariant fails in 100000 schedules from seed \(first), \(events) events")
        isMissed = false
        continue
      }
      let breach = Schedule.run(seed: failed, without: mutation).breach
      print("without \(mutation), seed \(failed): \(breach.map { "\($0)" } ?? "")")
    }
    if !isMissed { exit(1) }
  }

  /// - Returns: the lowest of the seeds that were found to fail.
  private static func search(
    _ count: UInt64, from first: UInt64, without mutation: Mutation? = nil, isQuiet: Bool = false
  ) async -> (events: Int, failed: UInt64?) {
    // More than there are cores, so that a few long schedules do not leave one waiting for another.
    let lanes = 16
    let start = ContinuousClock.now
    let found = await withTaskGroup(of: (events: Int, failed: UInt64?).self) { group in
      for lane in 0..<lanes {
        group.addTask {
          var events = 0
          for number in stride(from: UInt64(lane), to: count, by: lanes) where !Task.isCancelled {
            let result = Schedule.run(seed: first &+ number, without: mutation)
            events += result.events
            if result.breach != nil { return (events, result.seed) }
          }
          return (events, nil)
        }
      }
      var found: (events: Int, failed: UInt64?) = (0, nil)
      for await part in group {
        found.events += part.events
        guard let seed = part.failed else { continue }
        found.failed = min(found.failed ?? seed, seed)
        group.cancelAll()
      }
      return found
    }
    if !isQuiet {
      let end = found.failed == nil ? "every invariant held" : "an invariant failed"
      print("\(found.events) events in \(ContinuousClock.now - start): \(end)")
    }
    return found
  }

  private static func tell(_ result: Schedule.Result) {
    for line in result.story { print(line) }
    guard let breach = result.breach else { return print("seed \(result.seed): every invariant held") }
    print("seed \(result.seed): \(breach)\nagain: Tests/simulate --seed \(result.seed)")
    exit(1)
  }
}
