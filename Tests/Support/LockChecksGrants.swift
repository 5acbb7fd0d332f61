import Locking
import Testing

extension LockCheck {
  static let grants: [LockCheck] = [
    LockCheck("a free baton is granted, and each token is greater") { group in
      try await group.with(1) { backends in
        let reports = Reports()
        let first = try await backends[0].acquire(group.request("a"), report: reports.take)
        try first.check()
        try await backends[0].release(first)
        let second = try await backends[0].acquire(group.request("a"), report: reports.take)
        try await backends[0].release(second)
        #expect(second.token > first.token)
        #expect(reports.names == ["asked", "acquired", "released", "asked", "acquired", "released"])
      }
    },
    LockCheck("who waits is told who holds, and is next") { group in
      try await group.with(2) { backends in
        let held = try await backends[0].acquire(group.request("a"), report: { _ in })
        let next = Attempt(backends[1], group.request("b"))
        let waiting = try #require(await next.reports.wait(for: "waiting"))
        guard case .waiting(.held(let holders, let before)) = waiting.outcome else {
          Issue.record("waits for \(waiting)")
          return
        }
        #expect(holders.map(\.record.holder) == [held.holder])
        #expect(holders.first?.record.since.isEmpty == false)
        #expect(before == 0)
        try await backends[0].release(held)
        let baton = try await next.task.value
        #expect(baton.token > held.token)
        try await backends[1].release(baton)
      }
    },
    LockCheck("first come, first served") { group in
      try await group.with(6) { backends in
        let held = try await backends[0].acquire(group.request("first"), report: { _ in })
        var attempts: [Attempt] = []
        for number in 1..<6 {
          let attempt = Attempt(backends[number], group.request("n\(number)"))
          try await attempt.isWaiting()
          attempts.append(attempt)
        }
        try await backends[0].release(held)
        var tokens = [held.token]
        for (number, attempt) in attempts.enumerated() {
          let baton = try await attempt.task.value
          let status = try await backends[0].status()
          #expect(status.holders.map(\.record.holder.node) == ["n\(number + 1)"])
          #expect(status.waiters.map(\.record.holder.node) == (number + 2..<6).map { "n\($0)" })
          tokens.append(baton.token)
          try await backends[number + 1].release(baton)
        }
        #expect(tokens == tokens.sorted())
      }
    },
    LockCheck("without a wait, a held baton is skipped") { group in
      try await group.with(2) { backends in
        let held = try await backends[0].acquire(group.request("a"), report: { _ in })
        let reports = Reports()
        await #expect(throws: LockError.self) {
          try await backends[1].acquire(group.request("b", wait: .none), report: reports.take)
        }
        #expect(reports.names == ["asked", "skipped"])
        #expect(try await backends[1].status().queue.count == 1)
        try await backends[0].release(held)
      }
    },
    LockCheck("a wait has its limit") { group in
      try await group.with(2) { backends in
        let held = try await backends[0].acquire(group.request("a"), report: { _ in })
        let reports = Reports()
        await #expect(throws: LockError.self) {
          try await backends[1].acquire(group.request("b", wait: .atMost(.seconds(2))), report: reports.take)
        }
        #expect(reports.names == ["asked", "waiting", "skipped"])
        #expect(try await backends[1].status().queue.count == 1)
        try await backends[0].release(held)
      }
    },
    LockCheck("who is cancelled while waiting gives up the place") { group in
      try await group.with(3) { backends in
        let held = try await backends[0].acquire(group.request("a"), report: { _ in })
        let leaving = Attempt(backends[1], group.request("b"))
        try await leaving.isWaiting()
        let staying = Attempt(backends[2], group.request("c"))
        try await staying.isWaiting()
        leaving.task.cancel()
        await #expect(throws: LockError.cancelled) { try await leaving.task.value }
        #expect(try await backends[0].status().queue.map(\.record.holder.node) == ["a", "c"])
        try await backends[0].release(held)
        try await backends[2].release(try await staying.task.value)
      }
    },
    LockCheck("a second release changes nothing") { group in
      try await group.with(2) { backends in
        let first = try await backends[0].acquire(group.request("a"), report: { _ in })
        try await backends[0].release(first)
        let second = try await backends[1].acquire(group.request("b"), report: { _ in })
        try await backends[0].release(first)
        #expect(try await backends[1].status().holders.map(\.order) == [second.token])
        try second.check()
        #expect(throws: BatonError.released) { try first.check() }
        try await backends[1].release(second)
      }
    },
    LockCheck("with two slots two hold, and either makes room") { group in
      try await group.with(4) { backends in
        let first = try await backends[0].acquire(group.request("a", slots: 2), report: { _ in })
        let second = try await backends[1].acquire(group.request("b", slots: 2), report: { _ in })
        let third = Attempt(backends[2], group.request("c", slots: 2))
        try await third.isWaiting()
        let fourth = Attempt(backends[3], group.request("d", slots: 2))
        try await fourth.isWaiting()
        try await backends[1].release(second)
        let batonOfThird = try await third.task.value
        #expect(try await backends[0].status().holders.map(\.record.holder.node) == ["a", "c"])
        try await backends[0].release(first)
        try await backends[3].release(try await fourth.task.value)
        try await backends[2].release(batonOfThird)
      }
    },
  ]
}
