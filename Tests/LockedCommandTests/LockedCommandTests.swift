import EtcdSupport
import FoundationEssentials
import Glibc
import LockedCommand
import Locking
import LockingEtcd
import Logging
import SystemPackage
import Testing

@Suite("A command under the baton", .serialized)
struct LockedCommandTests {
  @Test("has its status and the grant's token", arguments: Store.allCases)
  func status(_ store: Store) async throws {
    try await store.with { lock in
      let outcome = try await lock.run(#"test "$NETBATON_TOKEN" = \#(lock.baton.token) && exit 7"#)
      #expect(outcome == .exited(7))
      #expect(outcome.status == 7)
    }
  }

  @Test("is given our signals", arguments: Store.allCases)
  func signals(_ store: Store) async throws {
    try await store.with { lock in
      for (trap, expected) in [
        ("trap 'exit 3' TERM", LockedCommand.Outcome.exited(3)), (":", .signalled(SIGTERM)),
      ] {
        let (signals, source) = AsyncStream.makeStream(of: Int32.self)
        async let outcome = lock.run(
          "\(trap); echo $$ > '\(lock.note)'; while :; do sleep 0.02; done", signals: signals)
        _ = try await lock.noted()
        source.yield(SIGTERM)
        #expect(try await outcome == expected)
      }
    }
  }

  @Test("ends when the baton is lost, with what it started", arguments: Store.allCases)
  func lost(_ store: Store) async throws {
    let loop = "while :; do sleep 0.02; done"
    for script in [
      // Ends by SIGTERM; is deaf to it; ends and leaves somebody who is deaf.
      "echo $$ > NOTE; \(loop)",
      "trap '' TERM; echo $$ > NOTE; \(loop)",
      "(trap '' TERM; \(loop)) & echo $! > NOTE; wait",
    ] {
      try await store.with { lock in
        async let outcome = lock.run(script.replacing("NOTE", with: "'\(lock.note)'"))
        let process = try await lock.noted()
        try await lock.losePlace()
        let found = try await outcome
        guard case .lost = found else {
          Issue.record("\(script): \(found)")
          return
        }
        // EX_TEMPFAIL of sysexits.h.
        #expect(found.status == 75)
        #expect(try await isGone(process), "\(script) goes on")
      }
    }
  }

  @Test("ends before the baton's deadline when etcd falls silent")
  func silence() async throws {
    try await Store.etcd.with { lock in
      async let outcome = lock.run("echo $$ > '\(lock.note)'; while :; do sleep 0.02; done")
      let process = try await lock.noted()
      try lock.stopStore()
      #expect(try await outcome == .lost(.expired))
      #expect(try await isGone(process))
    }
  }

  @Test("is left alone while a short lease is renewed")
  func shortLease() async throws {
    try await Store.etcd.with { lock in
      // The grace of the command line is as long as the lease.
      let command = LockedCommand(program: "sleep", arguments: ["2.5"], hasOwnGroup: true)
      let outcome = try await command.run(with: lock.baton, lock: lock.location, signals: AsyncStream { _ in })
      #expect(outcome == .exited(0))
    }
  }

  @Test("that cannot be started is told", arguments: Store.allCases)
  func noProgram(_ store: Store) async throws {
    try await store.with { lock in
      let command = LockedCommand(program: "/no/such/program", arguments: [])
      await #expect(throws: (any Error).self) {
        try await command.run(with: lock.baton, lock: lock.location, signals: AsyncStream { _ in })
      }
    }
  }

  /// A killed process is there until its parent, which may be the system's first process, has asked for its status.
  private func isGone(_ process: pid_t) async throws -> Bool {
    for _ in 0..<500 {
      if kill(process, 0) != 0 { return true }
      let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      if state?.split(separator: ")").last?.hasPrefix(" Z") != false { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }
}

/// A baton that is held, in a store of its own.
struct HeldLock: Sendable {
  let baton: Baton
  let location: String
  /// A file for the command to write a process's number to.
  let note: String
  let losePlace: @Sendable () async throws -> Void
  let stopStore: @Sendable () throws -> Void

  func run(
    _ script: String, signals: AsyncStream<Int32> = AsyncStream { _ in }
  ) async throws -> LockedCommand.Outcome {
    let command = LockedCommand(
      program: "sh", arguments: ["-c", script], grace: .milliseconds(200), hasOwnGroup: true)
    return try await command.run(with: baton, lock: location, signals: signals)
  }

  /// Waits for the command's note, and removes it.
  func noted() async throws -> pid_t {
    while true {
      if let text = try? String(contentsOfFile: note, encoding: .utf8), text.hasSuffix("\n"),
        let number = pid_t(text.dropLast())
      {
        try FileManager.default.removeItem(atPath: note)
        return number
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}

enum Store: CaseIterable, Sendable {
  case file, etcd

  private static let log = Logger(label: "test")

  func with(_ body: @Sendable (HeldLock) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/netbaton-run-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    switch self {
    case .file:
      let backend = FileBackend(path: FilePath("\(folder)/lock"))
      try await hold(backend, note: "\(folder)/note", body) { key in
        try FileManager.default.removeItem(atPath: "\(folder)/lock/queue/\(key)")
      }
    case .etcd:
      let server = try EtcdServer()
      defer { server.remove() }
      try await server.whileRunning { process in
        let url = "etcd://127.0.0.1:\(server.port)/test?ttl=2"
        let backend = EtcdBackend(try EtcdSettings(url: url), log: Store.log)
        try await hold(backend, note: "\(folder)/note", body, stop: { try process.stop() }) { key in
          try await server.control("del", key)
        }
      }
    }
  }

  private func hold(
    _ backend: any LockBackend, note: String, _ body: (HeldLock) async throws -> Void,
    stop: @escaping @Sendable () throws -> Void = {}, remove: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    let holder = Holder(node: "a", instance: "a", pid: getpid(), version: "test")
    // It waits for the server to come up, too.
    let baton = try await backend.acquire(LockRequest(holder: holder, purpose: "test")) { _ in }
    do {
      let place = try #require(try await backend.status().holders.first)
      try await body(
        HeldLock(
          baton: baton, location: backend.location, note: note, losePlace: { try await remove(place.key) },
          stopStore: stop))
    } catch {
      await backend.close()
      throw error
    }
    await backend.close()
  }
}
