import Locking
import Testing

extension LockCheck {
  static let changes: [LockCheck] = [
    LockCheck("a change is begun and settled, and settling it twice changes nothing") { group in
      try await group.with(1) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton)
        let record = group.record(of: intent)
        try await backends[0].put(intent, with: baton)
        #expect(try await backends[0].status().intents == [intent])
        #expect(try await backends[0].settle(record, halt: nil, history: Array("{\"n\":1}".utf8), with: baton))
        let settled = try await backends[0].status()
        #expect(settled.intents.isEmpty && settled.nodes == [record] && settled.halt == nil)
        for again in [baton, nil] {
          let other = group.record(of: intent, NodeRecord.failed)
          #expect(
            try await !backends[0].settle(
              other, halt: group.halt(of: intent), history: Array("{\"n\":2}".utf8), with: again))
        }
        #expect(try await backends[0].status() == settled)
        #expect(try await backends[0].history(limit: 9).map(\.record) == [Array("{\"n\":1}".utf8)])
        try await backends[0].release(baton)
      }
    },
    LockCheck("nobody begins a change without the grant") { group in
      try await group.with(2) { backends in
        let released = try await backends[0].acquire(group.request("a"), report: { _ in })
        try await backends[0].release(released)
        await #expect(throws: LockError.lost(.released)) {
          try await backends[0].put(group.intent(of: released), with: released)
        }
        let lost = try await backends[0].acquire(group.request("a"), report: { _ in })
        let place = try #require(try await backends[1].status().queue.first)
        try await group.remove(place)
        let error = await #expect(throws: LockError.self) {
          try await backends[0].put(group.intent(of: lost), with: lost)
        }
        guard case .lost = error else {
          Issue.record("refused as \(String(describing: error))")
          return
        }
        #expect(try await backends[1].status().intents.isEmpty)
      }
    },
    LockCheck("a holder that lost the grant settles as one that came back, not as holder") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton)
        try await backends[0].put(intent, with: baton)
        let place = try #require(try await backends[1].status().queue.first)
        try await group.remove(place)
        let record = group.record(of: intent, NodeRecord.failed)
        await #expect(throws: LockError.self) {
          try await backends[0].settle(record, halt: group.halt(of: intent), history: nil, with: baton)
        }
        let status = try await backends[1].status()
        #expect(status.intents == [intent] && status.nodes.isEmpty && status.halt == nil)
        let halt = group.halt(of: intent)
        #expect(try await backends[0].settle(record, halt: halt, history: Array("{}".utf8), with: nil))
        let settled = try await backends[1].status()
        #expect(settled.intents.isEmpty && settled.nodes == [record] && settled.halt == halt)
        #expect(try await backends[1].history(limit: 9).count == 1)
      }
    },
    LockCheck("an earlier change's end does not end a later change") { group in
      try await group.with(2) { backends in
        let first = try await backends[0].acquire(group.request("a"), report: { _ in })
        try await backends[0].put(group.intent(of: first), with: first)
        let place = try #require(try await backends[1].status().queue.first)
        try await group.remove(place)
        let second = try await backends[1].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: second)
        try await backends[1].put(intent, with: second)
        for baton in [second, nil] {
          let old = group.record(of: group.intent(of: first))
          #expect(try await !backends[1].settle(old, halt: nil, history: nil, with: baton))
        }
        #expect(try await backends[1].status().intents == [intent])
        #expect(try await backends[1].settle(group.record(of: intent), halt: nil, history: nil, with: second))
        try await backends[1].release(second)
      }
    },
    LockCheck("with slots, changes go on side by side") { group in
      try await group.with(4) { backends in
        let batons = try await withThrowingTaskGroup(of: Baton.self) { tasks in
          for (number, backend) in backends.enumerated() {
            tasks.addTask {
              let baton = try await backend.acquire(group.request("n\(number)", slots: 4), report: { _ in })
              try await backend.put(group.intent(of: baton), with: baton)
              return baton
            }
          }
          return try await tasks.reduce(into: [Baton]()) { $0.append($1) }
        }
        #expect(try await backends[0].status().intents.map(\.node) == ["n0", "n1", "n2", "n3"])
        for baton in batons {
          let backend = backends[try #require(baton.holder.node.last?.wholeNumberValue)]
          let record = group.record(of: group.intent(of: baton))
          #expect(try await backend.settle(record, halt: nil, history: nil, with: baton))
          try await backend.release(baton)
        }
        #expect(try await backends[0].status().intents.isEmpty)
      }
    },
  ]

  static let orphans: [LockCheck] = [
    LockCheck("a change whose holder is gone holds others back, and not its own node, which settles it") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton)
        try await backends[0].put(intent, with: baton)
        try await backends[0].release(baton)
        let own = try await backends[0].acquire(group.request("a"), report: { _ in })
        try await backends[0].release(own)
        let other = Attempt(backends[1], group.request("b"))
        let waiting = try #require(await other.reports.wait(for: "waiting"))
        #expect(waiting.outcome == .waiting(.intents([intent])))
        #expect(try await backends[0].settle(group.record(of: intent), halt: nil, history: nil, with: nil))
        try await backends[1].release(try await other.task.value)
        #expect(try await backends[1].status().halt == nil)
      }
    },
    LockCheck("a change whose holder vanished halts the group after its bound") { group in
      try await group.with(2) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton, bound: 1)
        try await backends[0].put(intent, with: baton)
        let next = Attempt(backends[1], group.request("b", wait: .atMost(.seconds(8))))
        try await next.isWaiting()
        await backends[0].close()
        let halted = try #require(await next.reports.wait(for: "halted"))
        let halt = try #require(try await backends[1].status().halt)
        #expect(halted.outcome == .halted(halt))
        #expect(
          halt.who == "b" && halt.node == "a" && halt.token == baton.token && halt.generation == intent.generation)
        #expect(try await backends[1].status().intents == [intent])
        next.task.cancel()
        await #expect(throws: LockError.self) { try await next.task.value }
        #expect(next.reports.names.prefix(5) == ["asked", "waiting", "stale", "waiting", "halted"])
        #expect(throws: BatonError.self) { try baton.check() }
      }
    },
    LockCheck("with slots, who is at work beside one that vanished begins nothing new") { group in
      try await group.with(3) { backends in
        let gone = try await backends[0].acquire(group.request("a", slots: 2), report: { _ in })
        let baton = try await backends[1].acquire(group.request("b", slots: 2), report: { _ in })
        let intent = group.intent(of: gone)
        try await backends[0].put(intent, with: gone)
        let place = try #require(try await backends[2].status().queue.first)
        try await group.remove(place)
        await #expect(throws: LockError.obstructed(.intents([intent]))) {
          try await backends[1].put(group.intent(of: baton), with: baton)
        }
        let third = Attempt(backends[2], group.request("c", slots: 2))
        let waiting = try #require(await third.reports.wait(for: "waiting"))
        #expect(waiting.outcome == .waiting(.intents([intent])))
        #expect(try await backends[2].status().intents == [intent])
        third.task.cancel()
        await #expect(throws: LockError.self) { try await third.task.value }
        try await backends[1].release(baton)
      }
    },
  ]
}
