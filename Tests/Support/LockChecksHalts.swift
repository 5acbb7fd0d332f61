import Locking
import Testing

private let word: @Sendable (Resumption) throws(LockError) -> [UInt8] = { resumption in
  Array("{\"resumed\":\"\(resumption.halt?.who ?? "")\"}".utf8)
}

extension LockCheck {
  static let halts: [LockCheck] = [
    LockCheck("a halt holds everybody back until it is cleared, and both are on record") { group in
      try await group.with(2) { backends in
        let halt = HaltRecord(who: "somebody", why: "to look")
        #expect(try await backends[0].halt(halt, history: Array("{\"halted\":1}".utf8)) == halt)
        let second = HaltRecord(who: "other", why: "too")
        #expect(try await backends[1].halt(second, history: Array("{\"halted\":2}".utf8)) == halt)
        let next = Attempt(backends[1], group.request("b"))
        let waiting = try #require(await next.reports.wait(for: "waiting"))
        #expect(waiting.outcome == .waiting(.halted(halt)))
        #expect(try await backends[0].status().holders.isEmpty)
        #expect(try await backends[0].resume(ResumeRequest(), history: word).halt == halt)
        try await backends[1].release(try await next.task.value)
        #expect(try await backends[0].resume(ResumeRequest(), history: word).isEmpty)
        let history = try await backends[0].history(limit: 10).map { String(decoding: $0.record, as: UTF8.self) }
        #expect(history == ["{\"resumed\":\"somebody\"}", "{\"halted\":1}"])
      }
    },
    LockCheck("who holds keeps it through a halt, but begins no change") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let halt = try await backends[1].halt(HaltRecord(who: "somebody", why: "to look"), history: nil)
        try baton.check()
        await #expect(throws: LockError.obstructed(.halted(halt))) {
          try await backends[0].put(group.intent(of: baton), with: baton)
        }
        #expect(try await backends[1].status().intents.isEmpty)
        try await backends[0].put(NodeRecord(node: "a", generation: "g", version: "test", outcome: "x"), with: baton)
        try await backends[0].release(baton)
      }
    },
    LockCheck("a change that failed halts the group in the step that ends it") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton)
        let (halt, record) = (group.halt(of: intent), group.record(of: intent, NodeRecord.failed))
        try await backends[0].put(intent, with: baton)
        let next = Attempt(backends[1], group.request("b"))
        try await next.isWaiting()
        #expect(try await backends[0].settle(record, halt: halt, history: nil, with: baton))
        try await backends[0].release(baton)
        let waiting = try #require(await next.reports.wait(for: "waiting"))
        #expect(waiting.outcome == .waiting(.halted(halt)))
        let status = try await backends[1].status()
        #expect(status.intents.isEmpty)
        #expect(status.failed(generation: intent.generation) == record)
        let retried = try await backends[0].resume(ResumeRequest(retry: true), history: word)
        #expect(retried.retried.map(\.outcome) == [NodeRecord.retry])
        try await backends[1].release(try await next.task.value)
        #expect(try await backends[1].status().nodes == retried.retried)
        // Also where nothing is halted any more; a second time there is nothing to do.
        #expect(try await backends[0].resume(ResumeRequest(retry: true), history: word).isEmpty)
      }
    },
    LockCheck("a generation that has failed is tried again only if somebody says so") { group in
      try await triesNothingThatEnded(as: NodeRecord.failed, group)
    },
    LockCheck("so is one that could not be taken back at once") { group in
      try await triesNothingThatEnded(as: NodeRecord.stuck, group)
    },
    LockCheck("what is given up counts as failed, unless it may be tried again") { group in
      try await group.with(2) { backends in
        for retry in [false, true] {
          let dead = try await backends[0].acquire(group.request("a", slots: 2), report: { _ in })
          let other = try await backends[1].acquire(group.request("b", slots: 2), report: { _ in })
          let intent = group.intent(of: dead)
          try await backends[0].put(intent, with: dead)
          try await group.remove(try #require(try await backends[1].status().queue.first))
          let request = ResumeRequest(abandon: ["a"], retry: retry)
          #expect(try await backends[1].resume(request, history: word).abandoned == [intent])
          var same = group.intent(of: other)
          same.generation = intent.generation
          if let failed = try await backends[1].status().failed(generation: intent.generation) {
            #expect(!retry)
            let refusal = LockError.obstructed(.failed(failed))
            await #expect(throws: refusal) { try await backends[1].put(same, with: other) }
          } else {
            #expect(retry)
            try await backends[1].put(same, with: other)
            #expect(try await backends[1].settle(group.record(of: same), halt: nil, history: nil, with: other))
          }
          try await backends[1].release(other)
        }
      }
    },
    LockCheck("what has failed stays so when somebody tries it again and gives it up") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        var intent = group.intent(of: baton)
        intent.generation = "g"
        for outcome in ["declined", NodeRecord.failed, "declined", "refused", NodeRecord.applied, "refused"] {
          let before = try await backends[1].status().failed(generation: "g")
          try await backends[0].put(intent, again: true, with: baton)
          // With the grant, and as the next start of the node would.
          let held = outcome == "refused" ? nil : baton
          #expect(try await backends[0].settle(group.record(of: intent, outcome), halt: nil, history: nil, with: held))
          let failed = try await backends[1].status().failed(generation: "g")
          #expect((failed != nil) == (outcome == NodeRecord.failed || before != nil && outcome != NodeRecord.applied))
        }
        #expect(try await backends[1].status().nodes.map(\.outcome) == ["refused"])
        try await backends[0].release(baton)
      }
    },
    LockCheck("a halt that was there before stays") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton)
        try await backends[0].put(intent, with: baton)
        let halt = try await backends[1].halt(HaltRecord(who: "somebody", why: "to look"), history: nil)
        let record = group.record(of: intent, NodeRecord.failed)
        #expect(try await backends[0].settle(record, halt: group.halt(of: intent), history: nil, with: baton))
        let status = try await backends[1].status()
        #expect(status.halt == halt)
        #expect(status.nodes == [record])
        #expect(status.intents.isEmpty)
        try await backends[0].release(baton)
      }
    },
    LockCheck("a node that will not come back is given up by name alone") { group in
      try await group.with(3) { backends in
        let dead = try await backends[0].acquire(group.request("a", slots: 2), report: { _ in })
        let alive = try await backends[1].acquire(group.request("b", slots: 2), report: { _ in })
        try await backends[0].put(group.intent(of: dead), with: dead)
        try await backends[1].put(group.intent(of: alive), with: alive)
        let place = try #require(try await backends[2].status().queue.first)
        try await group.remove(place)
        let first = try await backends[2].resume(ResumeRequest(abandon: ["b", "c"]), history: word)
        #expect(first.isEmpty)
        #expect(first.standing.map(\.node) == ["a"])
        let second = try await backends[2].resume(ResumeRequest(abandon: ["a"]), history: word)
        #expect(second.abandoned.map(\.node) == ["a"])
        #expect(second.standing.isEmpty)
        #expect(try await backends[2].status().intents.map(\.node) == ["b"])
        let failed = try #require(try await backends[2].status().failed(generation: group.intent(of: dead).generation))
        #expect(failed.node == "a" && failed.token == dead.token && failed.commit == "c")
        let late = group.record(of: group.intent(of: dead))
        #expect(
          try await !backends[0].settle(late, halt: group.halt(of: group.intent(of: dead)), history: nil, with: nil))
        #expect(try await backends[2].status().halt == nil)
        try await backends[1].release(alive)
      }
    },
  ]
}

/// Agent's word against a person's: who announces what has ended so is refused, unless somebody says so.
private func triesNothingThatEnded(as outcome: String, _ group: LockConformance) async throws {
  try await group.with(2) { backends in
    let failing = try await backends[0].acquire(group.request("a", slots: 2), report: { _ in })
    let other = try await backends[1].acquire(group.request("b", slots: 2), report: { _ in })
    let intent = group.intent(of: failing)
    let record = group.record(of: intent, outcome)
    try await backends[0].put(intent, with: failing)
    #expect(try await backends[0].settle(record, halt: group.halt(of: intent), history: nil, with: failing))
    // The one with the other slot has asked before it failed, and announces it when the halt is cleared again.
    _ = try await backends[0].resume(ResumeRequest(), history: word)
    var late = group.intent(of: other)
    late.generation = intent.generation
    await #expect(throws: LockError.obstructed(.failed(record))) { try await backends[1].put(late, with: other) }
    #expect(try await backends[1].status().intents.isEmpty)
    try await backends[1].put(late, again: true, with: other)
    #expect(try await backends[1].status().intents == [late])
    #expect(try await backends[1].settle(group.record(of: late), halt: nil, history: nil, with: other))
    try await backends[0].release(failing)
    try await backends[1].release(other)
  }
}
