import Locking
import Testing

extension LockCheck {
  static let losses: [LockCheck] = [
    LockCheck("a holder whose place is removed is told, and writes nothing more") { group in
      try await group.with(2) { backends in
        let reports = Reports()
        let baton = try await backends[0].acquire(group.request("a"), report: reports.take)
        let next = Attempt(backends[1], group.request("b"))
        try await next.isWaiting()
        let place = try #require(try await backends[1].status().queue.first)
        try await group.remove(place)
        let following = try await next.task.value
        #expect(await baton.ended() != nil)
        _ = try #require(await reports.wait(for: "lost"))
        #expect(next.reports.names.contains("stale"))
        let record = NodeRecord(node: "a", generation: "g", version: "test", outcome: "applied")
        await #expect(throws: LockError.self) { try await backends[0].put(record, with: baton) }
        #expect(try await backends[1].status().nodes.isEmpty)
        try await backends[0].release(baton)
        try following.check()
        #expect(try await backends[1].status().holders.map(\.order) == [following.token])
        try await backends[1].release(following)
      }
    },
    LockCheck("a waiter whose place is removed asks again") { group in
      try await group.with(2) { backends in
        let held = try await backends[0].acquire(group.request("a"), report: { _ in })
        let next = Attempt(backends[1], group.request("b"))
        try await next.isWaiting()
        let place = try #require(try await backends[0].status().waiters.first)
        try await group.remove(place)
        try await backends[0].release(held)
        let baton = try await next.task.value
        #expect(baton.token > place.order)
        #expect(next.reports.names.contains("lost"))
        try await backends[1].release(baton)
      }
    },
    LockCheck("a holder that vanished is followed, and called stale") { group in
      try await group.with(2) { backends in
        let held = try await backends[0].acquire(group.request("a"), report: { _ in })
        let next = Attempt(backends[1], group.request("b"))
        try await next.isWaiting()
        await backends[0].close()
        #expect(throws: BatonError.self) { try held.check() }
        let baton = try await next.task.value
        #expect(next.reports.names == ["asked", "waiting", "stale", "acquired"])
        try await backends[1].release(baton)
      }
    },
  ]

  static let records: [LockCheck] = [
    LockCheck("status tells each node's record") { group in
      try await group.with(1) { backends in
        let alone = NodeRecord(node: "b", generation: "g1", commit: "c", version: "test", outcome: "unchanged")
        try await backends[0].put(alone, with: nil)
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let held = NodeRecord(node: "a", generation: "g1", version: "test", outcome: "applied", token: baton.token)
        try await backends[0].put(held, with: baton)
        try await backends[0].release(baton)
        #expect(try await backends[0].status().nodes == [held, alone])
        await #expect(throws: LockError.self) { try await backends[0].put(held, with: baton) }
      }
    },
    LockCheck("the history keeps its newest records, newest first") { group in
      try await group.with(1) { backends in
        let baton = try await backends[0].acquire(group.request("a"), report: { _ in })
        let intent = group.intent(of: baton)
        let record = group.record(of: intent, NodeRecord.applied)
        let count = historyBound + 5
        for number in 0..<count {
          try await backends[0].put(intent, with: baton)
          try await backends[0].settle(
            record, halt: nil, history: Array("{\"number\":\(number)}".utf8), with: baton)
        }
        let all = try await backends[0].history(limit: 2 * historyBound)
        #expect(all.count == historyBound)
        #expect(all.map(\.number) == (5..<count).reversed())
        #expect(all.first?.record == Array("{\"number\":\(count - 1)}".utf8))
        #expect(try await backends[0].history(limit: 3).map(\.number) == [count - 1, count - 2, count - 3])
        try await backends[0].release(baton)
      }
    },
  ]
}
