import Simulation
import Synchronization

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
    print(
      """
      usage: simulate [COUNT] | --seed SEED | --mutations | --mutation NAME
      NETBATON_SEED sets the first seed; without it the first is another one each time.
      """)
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

  /// - Returns: the first seed that fails.
  private static func search(
    _ count: UInt64, from first: UInt64, without mutation: Mutation? = nil, isQuiet: Bool = false
  ) async -> (events: Int, failed: UInt64?) {
    let search = Search(count)
    let start = ContinuousClock.now
    let events = await withTaskGroup(of: Int.self) { group in
      // More than most machines have cores; those that begin late find nothing left to do.
      for _ in 0..<64 {
        group.addTask {
          var events = 0
          while let number = search.next() {
            let result = Schedule.run(seed: first &+ number, without: mutation)
            events += result.events
            if result.breach != nil { search.stop(at: number) }
          }
          return events
        }
      }
      return await group.reduce(0, +)
    }
    let found = (events: events, failed: search.found.map { first &+ $0 })
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

/// Hands out a search's numbers in their order, so that all before one that fails are tried: the first is always the same.
private final class Search: Sendable {
  private let handedOut = Atomic<UInt64>(0)
  private let end: Atomic<UInt64>
  private let count: UInt64

  init(_ count: UInt64) {
    self.count = count
    end = Atomic(count)
  }

  /// - Returns: nil if nothing is left to try.
  func next() -> UInt64? {
    let number = handedOut.add(1, ordering: .relaxed).oldValue
    return number < end.load(ordering: .relaxed) ? number : nil
  }

  func stop(at number: UInt64) { end.min(number, ordering: .relaxed) }

  /// The number that it was stopped at.
  var found: UInt64? {
    let end = end.load(ordering: .relaxed)
    return end < count ? end : nil
  }
}
