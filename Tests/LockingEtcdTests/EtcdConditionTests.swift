import EtcdAPI
import EtcdSupport
import Locking
import Testing

@testable import LockingEtcd

/// What others do between a reading and the transaction that rests on it: the suite of all locks cannot bring it about.
@Suite("A transaction in etcd that rests on a reading")
struct EtcdConditionTests {
  enum Step: String, CaseIterable, Sendable {
    case beginBesideOthers, settle, settleAndHalt, settleUndecided, resume, haltForVanished
  }

  enum Meanwhile: String, CaseIterable, Sendable {
    case nothing, otherHalts, haltIsCleared, placeIsGone, thirdBegins, changeIsAnother, changeIsSettled, nodeReports
  }

  /// What each step can bear.
  private static let harmless: [Step: Set<Meanwhile>] = [
    .beginBesideOthers: [.nothing, .haltIsCleared, .changeIsSettled, .nodeReports],
    .settle: [.nothing, .otherHalts, .haltIsCleared, .placeIsGone, .thirdBegins, .nodeReports],
    .settleAndHalt: [.nothing, .haltIsCleared, .placeIsGone, .thirdBegins, .nodeReports],
    .settleUndecided: [.nothing, .otherHalts, .haltIsCleared, .placeIsGone, .thirdBegins],
    .resume: [.nothing, .placeIsGone, .thirdBegins],
    .haltForVanished: [.nothing, .haltIsCleared, .placeIsGone, .thirdBegins, .nodeReports],
  ]

  @Test("happens when nothing that it rests on has changed, and not else")
  func all() async throws {
    try await withEtcd { server, _ in
      for step in Step.allCases {
        for meanwhile in Meanwhile.allCases {
          let prefix = "\(step)/\(meanwhile)"
          let settings = try EtcdSettings(url: "etcd://127.0.0.1:\(server.port)/\(prefix)?ttl=2")
          let store = EtcdStore(client: EtcdClient(settings), keys: EtcdKeys(prefix: prefix))
          let conditions = try await Group(store: store, step: step).conditions(after: meanwhile)
          let happened = try await store.transact(if: conditions, then: []).succeeded
          #expect(happened == Self.harmless[step]?.contains(meanwhile), "\(step) while \(meanwhile)")
          store.client.close()
        }
      }
    }
  }

  /// A group with a change of `other` under way.
  private struct Group {
    let store: EtcdStore
    let step: Step

    private static let holder = Holder(node: "other", instance: "i", pid: 1, version: "test")
    private static let halt = HaltRecord(who: "w", why: "y", since: "then")

    private func intent(of node: String, token: UInt64) throws -> LockingEtcd.Operation {
      try put(store.keys.intent(of: node), RecordCoding.encode(Self.change(node, token)))
    }

    private static func change(_ node: String, _ token: UInt64) -> IntentRecord {
      IntentRecord(node: node, holder: holder, token: token, generation: "g", bound: 1, since: "then")
    }

    private func record(token: UInt64) -> NodeRecord {
      NodeRecord(
        node: "other", generation: "g", version: "test", time: "then", outcome: NodeRecord.failed, token: token)
    }

    private var place: String { store.keys.place(lease: 1) }

    /// Reads, lets it happen, and gives what the reading would have the transaction rest on.
    func conditions(after meanwhile: Meanwhile) async throws -> [Etcdserverpb_Compare] {
      let keys = store.keys
      var token: UInt64 = 7
      if step == .beginBesideOthers {
        let queued = try RecordCoding.encode(QueueRecord(holder: Self.holder, purpose: "test", slots: 2))
        token = UInt64(bitPattern: try await store.transact(then: [put(place, queued)]).header.revision)
      }
      let node = put(keys.node("other"), try RecordCoding.encode(record(token: token)))
      let halt = put(keys.halt, try RecordCoding.encode(Self.halt))
      _ = try await store.transact(
        then: [try intent(of: "other", token: token), node] + (step == .resume ? [halt] : []))
      let found = try await made(token)
      let change: LockingEtcd.Operation? =
        switch meanwhile {
        case .nothing: nil
        case .otherHalts: halt
        case .haltIsCleared: delete(keys.halt)
        case .placeIsGone: delete(place)
        case .thirdBegins: try intent(of: "third", token: 9)
        case .changeIsAnother: try intent(of: "other", token: 9)
        case .changeIsSettled: delete(keys.intent(of: "other"))
        case .nodeReports: node
        }
      if let change { _ = try await store.transact(then: [change]) }
      return found
    }

    private func made(_ token: UInt64) async throws -> [Etcdserverpb_Compare] {
      let keys = store.keys
      let view = try store.readView(of: try await store.readView(withNodes: true))
      switch step {
      case .beginBesideOthers: return view.othersAreAtWork(keys)
      case .resume:
        return view.stands(view.status.resumption(ResumeRequest(abandon: ["other"], retry: true)), keys)
      case .haltForVanished: return try #require(view.isVanished(Self.change("other", token), keys))
      case .settle, .settleAndHalt, .settleUndecided:
        var ended = record(token: token)
        if step == .settleUndecided { ended.outcome = "refused" }
        let settlement = try EtcdSettlement(
          store, ended, halt: step == .settleAndHalt ? Self.halt : nil, history: nil)
        let found = try await store.transact(then: settlement.reading)
        let open = try #require(try settlement.read(found))
        return settlement.conditions(open, historyKey: "unused")
      }
    }
  }
}
