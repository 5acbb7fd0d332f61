import Agent
import Glibc
import History
import Kernel
import Locking
import Logging
import Model
import Plan
import SystemPackage

/// A process that makes a change of routes under a dead-man and does what its standard input says, for tests that stop
/// and kill it: `change-host make FOLDER MILLISECONDS GATEWAY`. The dead-man is this program again.
@main
struct ChangeHost {
  static func main() async throws {
    let arguments = CommandLine.arguments
    switch arguments.dropFirst().first {
    case "dead-man":
      DeadManWatch.ignoreSignals()
      let journal = try ChangeJournal(folder: FilePath(arguments[3]), node: arguments[5])
      try await DeadManWatch(
        journal: journal, kernel: try LiveKernel(), read: { readLine() }, write: { try? say($0) }
      ).run()
    case "make":
      try await make(folder: FilePath(arguments[2]), time: .milliseconds(Int(arguments[3]) ?? 0), gateway: arguments[4])
    default: exit(64)
    }
  }

  private static func say(_ line: String) throws {
    try FileDescriptor.standardOutput.writeAll(Array((line + "\n").utf8))
  }

  private static func make(folder: FilePath, time: Duration, gateway: String) async throws {
    let journal = try ChangeJournal(folder: folder, node: "n1")
    guard let claim = try journal.claim() else {
      try say("taken")
      return
    }
    let kernel = try LiveKernel()
    let snapshot = try await kernel.read(ReadScope(includesForeignRoutes: true))
    let changes = try plan(from: snapshot.state.routes.filter { $0.routeProtocol == 110 }, gateway)
    let inverse = try kernel.inverse(of: changes, inPlace: [], from: snapshot)
    try claim.begin(
      ChangeHeader(
        node: "n1", boot: journal.boot, token: 1, instance: "host", specGeneration: "g", kernelGeneration: 1),
      inverse: inverse.bytes)
    let deadMan = try await DeadManProcess(logger: Logger(label: "host")).start(
      claim, deadline: .now + time, trial: nil)
    try say("guarded")
    try await kernel.apply(routes: changes, with: baton)
    try say("changed")
    while let order = readLine() {
      do {
        switch order {
        case "keep": try await deadMan.keep()
        case "change": try await kernel.apply(routes: changes, with: baton)
        case "stand down": await deadMan.standDown()
        case "wait": _ = await deadMan.ended()
        default: break
        }
        try say("\(order): done")
      } catch {
        try say("\(order): \(error)")
      }
    }
  }

  /// All own routes get another gateway.
  private static func plan(from routes: [Route], _ gateway: String) throws -> [Change] {
    routes.map { route in
      var other = route
      for index in other.nextHops.indices { other.nextHops[index].gateway = IPAddress(gateway) }
      return .replaceRoute(from: route, to: other)
    }
  }

  private static var baton: Baton {
    Baton(
      holder: Holder(node: "n1", instance: "host", pid: 1, version: "0"), token: 1, term: BatonTerm(deadline: nil))
  }
}
