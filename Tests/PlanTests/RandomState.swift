import Model

/// States of few names and many shapes, so that two of them share much and differ in everything.
struct RandomState {
  var generator: SeededGenerator
  /// Without what no trial can change: a table's flags and comment, flowtables, hooks.
  let isTame: Bool

  init(seed: UInt64, isTame: Bool = false) {
    generator = SeededGenerator(seed: seed)
    self.isTame = isTame
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
  private mutating func pick<Item>(_ items: [Item]) -> Item {
    items[Int.random(in: 0..<items.count, using: &generator)]
  }
  private mutating func some(_ names: [String]) -> [String] { names.filter { _ in chance(70) } }

  mutating func state() -> NetworkState {
    NetworkState(tables: ["edge", "nat", "raw"].filter { _ in chance(80) }.map { table($0) })
  }

  private mutating func table(_ name: String) -> Table {
    var table = Table(
      id: TableID(.inet, name), flags: chance(10) ? .dormant : [], comment: chance(10) ? "kept by hand" : nil)
    if isTame { table = Table(id: table.id) }
    table.objects = some(["visits", "volume", "pace"]).map { object($0) }
    table.flowtables = some(isTame ? [] : ["fast"]).map {
      Flowtable(name: $0, hook: 0, priority: Int32(pick([0, 10])), devices: ["lo"])
    }
    // A chain only jumps to one that comes later in this list.
    let plain = some(["a", "b", "c", "d"])
    table.sets = some(["blocked", "seen"]).map { plainSet($0) }
    if chance(60) { table.sets.append(verdictMap(jumpingTo: plain)) }
    if chance(60) { table.sets.append(objectMap(table.objects)) }
    let base = some(["input", "forward"])
    table.chains = (base + plain).map { chain($0, in: table, jumpingTo: plain) }
    table.chains.shuffle(using: &generator)
    return table
  }

  private mutating func object(_ name: String) -> StatefulObject {
    let body: StatefulObject.Body =
      switch name {
      case "visits": .counter(packets: 0, bytes: 0)
      case "volume": .quota(bytes: pick([1000, 2000]), consumed: 0, inverted: false)
      default: .limit(rate: pick([5, 10]), seconds: 1, burst: 5, unit: .packets, inverted: false)
      }
    return StatefulObject(name: name, body: body, comment: chance(20) ? "one" : nil)
  }

  private mutating func plainSet(_ name: String) -> SetDefinition {
    let isDynamic = name == "seen"
    var set = addressSet(
      name, (0..<20).filter { _ in chance(50) }, flags: isDynamic ? [.dynamic, .timeout] : [],
      timeout: isDynamic ? pick([60_000, 120_000]) : nil)
    set.size = pick([nil, 1000])
    return set
  }

  private mutating func verdictMap(jumpingTo chains: [String]) -> SetDefinition {
    var set = SetDefinition(name: "ways", flags: .map, keyType: 7, keyLength: 4, data: .verdict)
    for address in 0..<8 as Range<UInt32> where chance(60) {
      let verdict: Verdict = chains.isEmpty || chance(50) ? pick([.accept, .drop]) : .jump(.named(pick(chains)))
      set.elements.append(element(address, .verdict(verdict)))
    }
    return set
  }

  private mutating func objectMap(_ objects: [StatefulObject]) -> SetDefinition {
    var set = SetDefinition(name: "paces", flags: [.map, .object], keyType: 7, keyLength: 4, data: .object(.limit))
    guard objects.contains(where: { $0.name == "pace" }) else { return set }
    set.elements = (0..<6 as Range<UInt32>).filter { _ in chance(50) }.map { element($0, .object(name: "pace")) }
    return set
  }

  private mutating func chain(_ name: String, in table: Table, jumpingTo plain: [String]) -> Chain {
    let later = plain.filter { $0 > name || name.count > 1 }
    var base: BaseChain?
    if name.count > 1 {
      base = BaseChain(
        type: "filter", hook: name == "input" ? 1 : 2, priority: isTame ? 0 : pick([0, 0, 0, 10]),
        policy: pick([.accept, .drop]))
    }
    let rules = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in
      rule(in: table, jumpingTo: later, isBase: base != nil)
    }
    return Chain(name: name, base: base, comment: chance(10) && !isTame ? "a comment" : nil, rules: rules)
  }

  private mutating func rule(in table: Table, jumpingTo chains: [String], isBase: Bool) -> Rule {
    let sets = table.sets.map(\.name)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0 where !chains.isEmpty: return PlanTests.rule(port: pick([22, 80]), .jump(.named(pick(chains))))
    case 1 where sets.contains("blocked"): return PlanTests.rule(in: "blocked", .drop, inverted: chance(30))
    // Only from base chains, so that no map leads back to a chain that looks into it.
    case 2 where isBase && sets.contains("ways"): return PlanTests.rule(through: "ways")
    case 3 where !table.objects.isEmpty:
      let object = pick(table.objects)
      guard let kind = object.body.kind else { break }
      return Rule(expressions: [.object(kind, name: object.name)])
    case 4 where !table.flowtables.isEmpty: return Rule(expressions: [.flowOffload(table: "fast")])
    case 5 where sets.contains("seen"):
      return Rule(expressions: [
        .payload(.network, offset: 12, length: 4, to: Register(slot: 0)),
        .dynamicSet(.add, set: "seen", key: Register(slot: 0), data: nil, timeout: nil, expressions: []),
      ])
    default: break
    }
    return PlanTests.rule(port: pick([22, 80, 443]), pick([.accept, .drop]))
  }
}
