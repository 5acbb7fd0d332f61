import CMnl
import CNftnl
package import Locking
import Model
import Netlink
import Plan

/// What came of making trials plain.
package struct Promotion: Hashable, Sendable {
  /// The generation afterwards.
  package var generation: UInt32
  /// Why some counters miss packets that their rules met; nil if none does.
  package var shortfall: String?

  package init(generation: UInt32, shortfall: String? = nil) {
    self.generation = generation
    self.shortfall = shortfall
  }
}

extension LiveKernel {
  /// How often counts that came late are added. What comes between a rule's reading and the commit that makes it again, some
  /// hundred microseconds, is left to the next round; a rule that is never without packets for so long stays behind.
  private static let countingRounds = 16

  package func promote(record: RecordUpdate, with baton: Baton) throws -> Promotion? {
    var tables: [Table] = []
    var changes: [Change] = []
    var last = LastCounts()
    let generation = try settle(record, permit: { try baton.check() }) { read in
      let promotion = Trial.promote(read)
      // If there is nothing to do because it has been done, by a commit whose replies were lost, that one's stay.
      if !promotion.isEmpty { (tables, changes, last) = (read, promotion, LastCounts()) }
      return promotion
    } told: {
      last.note($0, in: $1)
    }
    guard let generation else { return nil }
    var promotion = addLateCounts(Trial.lateCounts(of: tables, last: last), from: generation, with: baton)
    let untold = last.untold(of: changes)
    if untold > 0 {
      promotion.shortfall = "the kernel did not tell what \(untold) rules had counted when they were made again"
    }
    return promotion
  }

  /// The rules are as they should be, so that what fails here is told and no more.
  private func addLateCounts(_ late: [LateCount], from generation: UInt32, with baton: Baton) -> Promotion {
    var generation = generation
    let lost = late.filter { !$0.canBeAdded }
    var late = late.filter(\.canBeAdded)
    do {
      for _ in 0..<Self.countingRounds where !late.isEmpty {
        (generation, late) = try withNetfilter { socket in
          try socket.add(late, from: generation) { try baton.check() }
        }
      }
    } catch {
      return Promotion(generation: generation, shortfall: "\((late + lost).shortfall): \(error)")
    }
    if !late.isEmpty {
      return Promotion(
        generation: generation,
        shortfall: "\((late + lost).shortfall), as these were never without packets for long enough")
    }
    return Promotion(
      generation: generation,
      shortfall: lost.isEmpty ? nil : "\(lost.shortfall), as these have chains without a name")
  }
}

extension [LateCount] {
  fileprivate var shortfall: String {
    "not counted: \(reduce(0) { $0 + $1.missing.countedPackets }) of the packets that \(count) of the rules met"
  }
}

extension NetlinkSocket {
  /// Makes rules again with what they have counted and what they miss: the kernel adds nothing to a counter that counts.
  /// - Returns: the generation afterwards, and what the rules miss now.
  fileprivate mutating func add(
    _ late: [LateCount], from generation: UInt32, permit: () throws -> Void
  ) throws -> (UInt32, [LateCount]) {
    let handles = try handles(of: late)
    var changes: [Change] = []
    var read: [Rule] = []
    for (late, handle) in zip(late, handles) {
      let counted = try rule(handle, of: late)
      var rule = late.missing
      rule.addCounts(of: counted)
      changes.append(.addRule(late.table, chain: late.chain, rule, before: handle))
      changes.append(.removeRule(late.table, chain: late.chain, counted))
      read.append(counted)
    }
    var last = LastCounts()
    let reached = try commit(
      changes, record: .keep, from: generation, told: { last.note($0, in: $1) }, permit: permit)
    let missing = try zip(late, read).compactMap { late, read -> LateCount? in
      guard let last = last.rule(read.handle, in: late.table) else {
        throw KernelError(.unknownOutcome, "the kernel did not tell what it had counted in the end")
      }
      var late = late
      late.missing.takeCounts(of: last.counted(since: read))
      return late.missing.hasCountedPackets ? late : nil
    }
    return (reached, missing)
  }

  /// Where the rules stand now; if another program has changed nftables, the commit that follows finds out.
  private mutating func handles(of late: [LateCount]) throws -> [UInt64] {
    struct ChainID: Hashable {
      var table: TableID
      var name: String
    }
    var handles: [ChainID: [UInt64]] = [:]
    return try late.map { late in
      let chain = ChainID(table: late.table, name: late.chain)
      let all = try handles[chain] ?? self.handles(of: chain.name, in: chain.table)
      handles[chain] = all
      guard late.index < all.count else {
        throw KernelError(.generationMoved, "another program changed chain \(chain.name) of table \(chain.table)")
      }
      return all[late.index]
    }
  }

  private mutating func handles(of chain: String, in table: TableID) throws(NetlinkError) -> [UInt64] {
    try dumpNftables(
      NFT_MSG_GETRULE, family: table.family.rawValue, to: "read the rules of chain \(chain)", into: [UInt64](),
      filter: { writer in
        writer.text(NFTA_RULE_TABLE, table.name)
        writer.text(NFTA_RULE_CHAIN, chain)
      }
    ) { (handles, _, attributes) throws(NetlinkError) in
      if let handle = attributes.long(NFTA_RULE_HANDLE) { handles.append(handle) }
    }
  }

  /// One rule, as fast as can be: what it counts from here on until it is made again is missed.
  private mutating func rule(_ handle: UInt64, of late: LateCount) throws -> Rule {
    var found: Rule?
    let operation = "read a rule of chain \(late.chain)"
    try request(type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETRULE.rawValue), to: operation) { writer in
      writer.putHeader(nfgenmsg(nfgen_family: late.table.family.rawValue, version: 0, res_id: 0))
      writer.text(NFTA_RULE_TABLE, late.table.name)
      writer.text(NFTA_RULE_CHAIN, late.chain)
      writer.number(NFTA_RULE_HANDLE, handle)
    } reply: {
      found = Rule($0.attributes(after: MemoryLayout<nfgenmsg>.size))
    }
    guard let found else { throw NetlinkError(operation, .malformed, message: "there is no rule in it") }
    return found
  }
}
