import EtcdAPI
import FoundationEssentials
import Locking
import SwiftProtobuf

/// The group's keys, and the operations on them that transactions are made of.
struct EtcdKeys: Sendable {
  let prefix: String

  func place(lease: Int64) -> String { "\(prefix)/queue/\(padded(UInt64(bitPattern: lease), to: 16, radix: 16))" }
  var queue: String { "\(prefix)/queue/" }
  var halt: String { "\(prefix)/halt" }
  var last: String { "\(prefix)/last" }
  var intents: String { "\(prefix)/intent/" }
  /// From the halt to the last intent. The history lies between: whoever settles, halts or resumes writes it in the same
  /// step, so that it wakes nobody by itself; what trims it costs whoever waits one reading more.
  var obstacles: EtcdRange { EtcdRange(key: bytes(halt), end: end(ofPrefix: intents)) }
  func intent(of node: String) -> String { intents + node }
  var nodes: String { "\(prefix)/node/" }
  func node(_ node: String) -> String { nodes + node }
  var history: String { "\(prefix)/history/" }

  /// In the order of the grants, and within a grant in the order of writing.
  func history(token: UInt64, number: Int) -> String {
    "\(history)\(padded(token, to: 16, radix: 16))-\(padded(UInt64(number), to: 4))"
  }

  /// Without a grant, by the store's revision; "+" sorts before "-".
  func history(revision: Int64, number: Int) -> String {
    "\(history)\(padded(UInt64(bitPattern: revision), to: 16, radix: 16))+\(padded(UInt64(number), to: 4))"
  }
}

/// A key, or from a key up to but without an end.
struct EtcdRange: Sendable {
  var key: Data
  var end = Data()

  init(key: Data, end: Data) { (self.key, self.end) = (key, end) }
  init(key: String) { self.key = bytes(key) }
  init(prefix: String) { self.init(key: bytes(prefix), end: LockingEtcd.end(ofPrefix: prefix)) }
}

typealias Operation = Etcdserverpb_RequestOp

func bytes(_ key: String) -> Data { Data(key.utf8) }

/// The first key after all that begin with a text whose last byte is not 0xff.
func end(ofPrefix prefix: String) -> Data {
  var end = bytes(prefix)
  if let last = end.popLast() { end.append(last + 1) }
  return end
}

func get(_ key: String) -> Operation {
  .with { $0.requestRange = .with { $0.key = bytes(key) } }
}

func list(_ prefix: String, _ adjust: (inout Etcdserverpb_RangeRequest) -> Void = { _ in }) -> Operation {
  .with {
    $0.requestRange = .with {
      $0.key = bytes(prefix)
      $0.rangeEnd = end(ofPrefix: prefix)
      adjust(&$0)
    }
  }
}

func put(_ key: String, _ value: [UInt8], lease: Int64 = 0) -> Operation {
  .with {
    $0.requestPut = .with {
      $0.key = bytes(key)
      $0.value = Data(value)
      $0.lease = lease
    }
  }
}

func delete(_ key: String) -> Operation {
  .with { $0.requestDeleteRange = .with { $0.key = bytes(key) } }
}

/// Holds when the key was last written at this revision; at 0 when it is not there.
func modified(_ key: String, at revision: Int64) -> Etcdserverpb_Compare {
  .with {
    $0.result = .equal
    $0.target = .mod
    $0.key = bytes(key)
    $0.modRevision = revision
  }
}

/// Holds when the key was not written after this revision; also when it is not there.
func unmodified(key: String, after revision: Int64) -> Etcdserverpb_Compare {
  .with {
    $0.result = .less
    $0.target = .mod
    $0.key = bytes(key)
    $0.modRevision = revision + 1
  }
}

/// Holds when no key that begins so was written after this revision.
func unmodified(_ prefix: String, after revision: Int64) -> Etcdserverpb_Compare {
  .with {
    $0.result = .less
    $0.target = .mod
    $0.key = bytes(prefix)
    $0.rangeEnd = end(ofPrefix: prefix)
    $0.modRevision = revision + 1
  }
}

/// Holds when no key begins so.
func none(_ prefix: String) -> Etcdserverpb_Compare {
  .with {
    $0.result = .equal
    $0.target = .create
    $0.key = bytes(prefix)
    $0.rangeEnd = end(ofPrefix: prefix)
    $0.createRevision = 0
  }
}

/// Holds when the key was created at this revision; at 0 when it is not there.
func created(_ key: String, at revision: Int64) -> Etcdserverpb_Compare {
  .with {
    $0.result = .equal
    $0.target = .create
    $0.key = bytes(key)
    $0.createRevision = revision
  }
}
