package import Model
import Netlink
package import Plan

/// What the kernel, or the way to it, refused.
package struct KernelError: Error, Sendable {
  package enum Cause: Hashable, Sendable {
    /// Another program committed since the plan was made (`ERESTART`): nothing was changed; read and plan anew.
    case generationMoved
    /// The kernel refused `change`; nothing of the transaction is in effect.
    case refused(errno: Int32)
    /// Replies were lost and what was read afterwards does not settle it: read and plan anew.
    case unknownOutcome
    /// `change` holds what this program can read but not write, or what does not belong into the transaction.
    case notWritable
    /// Something that netbaton did not create stands in the way and is left alone.
    case foreign
    /// Reading failed, or the socket itself did.
    case io(errno: Int32?)
  }

  package var cause: Cause
  /// What happened, with the kernel's own words where it gave some; one sentence without a full stop.
  package var message: String
  /// The step that failed.
  package var change: Change?
  /// Where the spec asks for it.
  package var origin: SourceLocation?
  /// The byte of the message, counted from its header, that the kernel objects to.
  package var offset: UInt32?

  package init(
    _ cause: Cause, _ message: String, change: Change? = nil, origin: SourceLocation? = nil, offset: UInt32? = nil
  ) {
    self.cause = cause
    self.message = message
    self.change = change
    self.origin = origin ?? change?.origin
    self.offset = offset
  }
}

extension KernelError: LocatedError {
  package var diagnostic: Diagnostic? { origin.map { Diagnostic(.error, message, at: $0) } }
}

extension KernelError: CustomStringConvertible {
  package var description: String { diagnostic?.line ?? message }
}

extension KernelError {
  /// For what happened outside any change.
  init(_ error: NetlinkError) {
    switch error.cause {
    case .unknownOutcome: self.init(.unknownOutcome, error.description)
    default: self.init(.io(errno: error.errno), error.description, offset: error.offset)
    }
  }

  /// For a message that was sent for `change`.
  init(_ error: NetlinkError, refusing change: Change?) {
    guard case .refused(let errno) = error.cause else {
      self.init(error)
      self.change = change
      origin = change?.origin
      return
    }
    self.init(.refused(errno: errno), error.description, change: change, offset: error.offset)
  }
}

extension Change {
  /// Where the spec asks for what the step is about; nil for what only the kernel has.
  package var origin: SourceLocation? {
    switch self {
    case .addTable(let table), .removeTable(let table), .changeTable(_, let table): table.origin
    case .addChain(_, let chain), .removeChain(_, let chain): chain.origin
    case .changePolicy: nil
    case .addRule(_, _, let rule, _), .removeRule(_, _, let rule): rule.origin
    case .addSet(_, let set), .removeSet(_, let set), .addElements(_, let set, _), .removeElements(_, let set, _):
      set.origin
    case .addObject(_, let object), .removeObject(_, let object), .changeObject(_, _, let object): object.origin
    case .addFlowtable(_, let flowtable), .removeFlowtable(_, let flowtable): flowtable.origin
    case .addRoute(let route), .removeRoute(let route), .replaceRoute(_, let route): route.origin
    case .addPolicyRule(let rule), .removePolicyRule(let rule): rule.origin
    }
  }
}
