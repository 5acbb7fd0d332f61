import Kernel
import Locking
import Model
import Plan

enum Samples {
  static func baton(
    deadline: ContinuousClock.Instant? = nil, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) -> Baton {
    Baton(
      holder: Holder(node: "node", instance: "instance", pid: 1, version: "test"), token: 7,
      term: BatonTerm(deadline: deadline, now: now))
  }

  static let record = AppliedRecord(
    specGeneration: "3f2a91", commit: "0123abcd", token: 7, node: "node", nonce: 99)

  static let table = TableID(.inet, "edge")

  static let drop: [Expression] = [.counter(packets: 0, bytes: 0), .verdict(.drop)]

  static let edge: [Change] = [
    .addTable(Table(id: table, comment: "hello")),
    .addChain(
      table,
      Chain(
        name: "input", base: BaseChain(type: "filter", hook: 1, priority: 0, policy: .drop), comment: "the door")),
    .addRule(table, chain: "input", Rule(expressions: drop, comment: "last"), before: nil),
  ]

  static let edgeListing = """
    table inet edge {
    \tcomment "hello"
    \tchain input {
    \t\tcomment "the door"
    \t\ttype filter hook input priority filter; policy drop;
    \t\tcounter packets 0 bytes 0 drop comment "last"
    \t}
    }

    """
}
