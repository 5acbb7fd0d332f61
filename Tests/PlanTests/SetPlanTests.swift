import Model
import Plan
import Testing

@Suite struct SetPlanTests {
  private let gathered = addressSet("seen", [1, 2, 3], flags: [.dynamic, .timeout], timeout: 60_000)

  @Test func `what packets added to a set stays`() throws {
    let wanted = addressSet("seen", [1, 9], flags: [.dynamic, .timeout], timeout: 60_000)
    let plan = try Plan(current: state(sets: [gathered]), desired: state(sets: [wanted]))
    #expect(
      plan.changes == [
        .addElements(edge, set: addressSet("seen", [], flags: [.dynamic, .timeout], timeout: 60_000), [element(9)])
      ])
  }

  @Test func `a set that is made again takes along what it gathered`() throws {
    let wanted = addressSet("seen", [9], flags: [.dynamic, .timeout], timeout: 90_000)
    let plan = try Plan(current: state(sets: [gathered]), desired: state(sets: [wanted]))
    guard case .addSet(_, let set) = plan.changes.last else {
      Issue.record("no set in \(plan.changes)")
      return
    }
    #expect(set.elements == [9, 1, 2, 3].map { element($0) })
  }

  /// Timeout and what is left of it, in seconds.
  private func timed(_ address: UInt32, _ timeout: UInt64?, left: UInt64?) -> SetElement {
    SetElement(
      key: element(address).key,
      details: SetElementDetails(timeout: timeout.map { $0 * 1000 }, expiration: left.map { $0 * 1000 }))
  }

  @Test(
    arguments: [
      ([.dynamic, .timeout], 60, [(nil, 60), (nil, 20), (3600, 3000), (0, nil)]),
      ([.dynamic, .timeout], 6000, [(nil, 500), (nil, 20), (3600, 3000), (0, nil)]),
      ([.dynamic, .timeout], nil, [(600, 500), (600, 20), (3600, 3000), (0, nil)]),
      ([.dynamic], nil, [(nil, nil), (nil, nil), (nil, nil), (nil, nil)]),
    ] as [(SetFlags, UInt64?, [(UInt64?, UInt64?)])])
  func `what a set gathered has the times that the new one takes`(
    flags: SetFlags, timeout: UInt64?, times: [(UInt64?, UInt64?)]
  ) throws {
    var there = addressSet("seen", [], flags: [.dynamic, .timeout], timeout: 600_000)
    there.elements = [
      timed(1, nil, left: 500), timed(2, nil, left: 20), timed(3, 3600, left: 3000), timed(4, 0, left: nil),
    ]
    let wanted = addressSet("seen", [], flags: flags, timeout: timeout.map { $0 * 1000 })
    let plan = try Plan(current: state(sets: [there]), desired: state(sets: [wanted]))
    guard case .addSet(_, let set) = plan.changes.last else {
      Issue.record("no set in \(plan.changes)")
      return
    }
    #expect(set.elements.map { $0.details?.timeout } == times.map { $0.0.map { $0 * 1000 } })
    #expect(set.elements.map { $0.details?.expiration } == times.map { $0.1.map { $0 * 1000 } })
  }

  @Test func `a set without intervals takes no interval along`() throws {
    var there = addressSet("seen", [1], flags: [.interval, .timeout])
    there.elements.append(interval(16, 31))
    let plan = try Plan(
      current: state(sets: [there]), desired: state(sets: [addressSet("seen", [], flags: .timeout)]))
    #expect(plan.changes.last == .addSet(edge, addressSet("seen", [1], flags: .timeout)))
  }

  private func interval(_ first: UInt32, _ last: UInt32) -> SetElement {
    SetElement(key: element(first).key, end: element(last).key)
  }

  /// Of 5, 16 to 31 and 40, which are in the set, those that make room.
  @Test(
    arguments: [
      ([0...3], []), ([0...4, 6...15, 32...39, 41...50], []), ([0...10], [0]), ([5...5], []), ([4...5], [0]),
      ([16...16], [1]), ([31...35], [1]), ([20...24], [1]), ([0...50], [0, 1, 2]), ([0...6, 39...60], [0, 2]),
      ([16...31, 33...44], [2]),
    ] as [([ClosedRange<UInt32>], [Int])])
  func `what an interval set gathered makes room for what is wanted`(
    wanted: [ClosedRange<UInt32>], gone: [Int]
  ) throws {
    let gathered = [interval(5, 5), interval(16, 31), interval(40, 40)]
    var there = addressSet("seen", [], flags: [.interval, .timeout])
    let declaration = there
    there.elements = gathered
    var desired = there
    desired.elements = wanted.map { interval($0.lowerBound, $0.upperBound) }
    let plan = try Plan(current: state(sets: [there]), desired: state(sets: [desired]))
    let removed = plan.changes.compactMap { if case .removeElements(_, _, let elements) = $0 { elements } else { nil } }
    #expect(removed == (gone.isEmpty ? [] : [gone.map { gathered[$0] }]))
    let added = desired.elements.filter { !gathered.contains($0) }
    #expect(plan.changes.last == (added.isEmpty ? nil : .addElements(edge, set: declaration, added)))

    // The same where the set is made again.
    desired.timeout = 60_000
    let again = try Plan(current: state(sets: [there]), desired: state(sets: [desired]))
    guard case .addSet(_, let set) = again.changes.last else {
      Issue.record("no set in \(again.changes)")
      return
    }
    #expect(Set(set.elements) == Set(desired.elements).union(gathered).subtracting(gone.map { gathered[$0] }))
  }

  /// Each is what the kernel makes of the other, and no difference.
  @Test(
    arguments: [
      (nil, 0), (UInt64(1), UInt64(4)), (UInt64(60_000), UInt64(60_004)),
    ] as [(UInt64?, UInt64?)])
  func `times that the kernel rounds`(wanted: UInt64?, there: UInt64?) throws {
    let plan = try Plan(
      current: state(sets: [addressSet("seen", [], flags: .timeout, timeout: there)]),
      desired: state(sets: [addressSet("seen", [], flags: .timeout, timeout: wanted)]))
    #expect(plan.isEmpty)
  }

  @Test func `elements that count are what the spec's plain elements became`() throws {
    var wanted = addressSet("blocked", [1])
    wanted.expressions = [.counter(packets: 0, bytes: 0)]
    var there = wanted
    there.elements = [
      SetElement(key: element(1).key, details: SetElementDetails(expressions: [.counter(packets: 5, bytes: 300)]))
    ]
    #expect(try Plan(current: state(sets: [there]), desired: state(sets: [wanted])).isEmpty)
  }

  @Test func `the size that the kernel gives a set which rules add to`() throws {
    var there = gathered
    there.size = 65_535
    #expect(try Plan(current: state(sets: [there]), desired: state(sets: [gathered])).isEmpty)
    there.size = 1000
    #expect(try !Plan(current: state(sets: [there]), desired: state(sets: [gathered])).isEmpty)
  }

  @Test func `an anonymous set's size is no difference`() throws {
    let rule = { (size: UInt32?) in
      var set = addressSet("", [1, 2], flags: [.anonymous, .constant])
      set.size = size
      return Rule(expressions: [.lookup(.anonymous(set), key: Register(slot: 0), to: nil, inverted: false)])
    }
    let plan = try Plan(current: state([inputChain([rule(nil)])]), desired: state([inputChain([rule(2)])]))
    #expect(plan.isEmpty)
  }

  @Test func `the states that the kernel fills in for a timeout policy`() throws {
    let object = { (values: [UInt32: UInt32]) in
      StatefulObject(name: "slow", body: .conntrackTimeout(l3proto: 2, l4proto: 6, values: values))
    }
    let there = state(objects: [object([1: 120, 3: 123, 8: 10])])
    #expect(try Plan(current: there, desired: state(objects: [object([3: 123])])).isEmpty)
    #expect(try Plan(current: there, desired: state(objects: [object([3: 124])])).changes.count == 2)
  }

  @Test func `the translation flags that the kernel sets by itself`() throws {
    let chain = { (flags: UInt32) in
      inputChain([Rule(expressions: [.redirect(ports: RegisterRange(Register(slot: 0)), flags: flags)])])
    }
    #expect(try Plan(current: state([chain(0)]), desired: state([chain(2)])).isEmpty)
    #expect(try !Plan(current: state([chain(0)]), desired: state([chain(4)])).isEmpty)
  }

  @Test func `an interval of one value is that value`() throws {
    let wanted = addressSet("nets", [1], flags: .interval)
    var there = wanted
    there.elements = [SetElement(key: element(1).key, end: element(1).key)]
    #expect(try Plan(current: state(sets: [there]), desired: state(sets: [wanted])).isEmpty)
  }
}
