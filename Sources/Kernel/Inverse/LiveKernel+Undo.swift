import Model
import Netlink
import Plan

/// Not all of a change could be taken back; the rest is.
package struct UndoError: Error, Hashable, Sendable {
  /// What is not as it was, in words.
  package var leftovers: [String]

  package init(leftovers: [String]) { self.leftovers = leftovers }
}

extension UndoError: CustomStringConvertible {
  package var description: String {
    let shown = leftovers.prefix(10).joined(separator: "; ")
    let more = leftovers.count > 10 ? "; and \(leftovers.count - 10) more" : ""
    return "not all could be taken back: \(shown)\(more)"
  }
}

extension LiveKernel {
  package func undo(_ inverse: Inverse) async throws {
    let contents = try inverse.contents()
    var leftovers: [String] = []
    // One that fails must not keep the other from being taken back.
    do { leftovers += try undoTables(contents) } catch { leftovers.append("nftables: \(error)") }
    do {
      if let undo = contents.routing {
        leftovers += try withRouting { socket in try socket.restore(undo, routeProtocol: contents.routeProtocol) }
      }
    } catch {
      leftovers.append("routes: \(error)")
    }
    guard leftovers.isEmpty else { throw UndoError(leftovers: leftovers) }
  }

  package func rehearse(_ inverse: Inverse) async throws {
    _ = try inverse.contents()
    _ = try generation()
    _ = try withRouting { socket in try socket.interfaces() }
  }

  private func readOwn(_ contents: InverseContents) throws -> ReadRuleset {
    let scope = ReadScope(tables: Swift.Set(contents.tables.map(\.id)))
    return try rereading {
      try withNetfilter { (socket) throws(NetlinkError) in try socket.readRuleset(scope) }
    }
  }

  /// - Returns: what stands in the way, in words.
  private func undoTables(_ contents: InverseContents) throws -> [String] {
    guard !contents.tables.isEmpty else { return [] }
    for _ in 0..<Self.attempts {
      let ruleset = try readOwn(contents)
      let (changes, obstacles) = contents.changes(from: ruleset)
      if changes.isEmpty, contents.record.isMet(by: ruleset.record) { return obstacles }
      do {
        _ = try withNetfilter { socket in
          try socket.commit(changes, record: contents.record, from: ruleset.generation, always: true) {}
        }
        return obstacles
      } catch let error as KernelError where error.cause == .generationMoved || error.cause == .unknownOutcome {
        // The next look tells what is left to do.
        continue
      }
    }
    throw TrialError.busy(attempts: Self.attempts)
  }
}

extension InverseContents {
  fileprivate func changes(from ruleset: ReadRuleset) -> (changes: [Change], obstacles: [String]) {
    var changes: [Change] = []
    var obstacles: [String] = []
    for restoration in tables {
      do throws(TableRestoration.Obstacle) {
        changes += try restoration.changes(from: ruleset.tables.first { $0.id == restoration.id })
      } catch {
        switch error {
        case .gone: obstacles.append("table \(restoration.id) is gone, which netbaton did not remove")
        case .foreign: obstacles.append("another program's table \(restoration.id) stands where netbaton's was")
        }
      }
    }
    return (changes, obstacles)
  }
}

extension RecordUpdate {
  fileprivate func isMet(by record: AppliedRecord?) -> Bool {
    switch self {
    case .keep: true
    case .write(let wanted): record == wanted
    case .remove: record == nil
    }
  }
}
