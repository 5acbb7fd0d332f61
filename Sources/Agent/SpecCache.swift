package import Kernel
package import RuleLanguage
package import Spec

/// The spec source that was read last and the last one that was good for this node.
///
/// Rule text is compiled again only when the source or the node's interfaces and addresses have changed, for `iif` is
/// compiled to an interface's number and `$node_ipv4` to an address.
package struct SpecCache: Sendable {
  /// What came of asking for the node's spec.
  package struct Resolution: Sendable {
    package var spec: NodeSpec
    /// Why the newest source is not the one in force; nil if it is.
    package var rejection: String?
  }

  private let node: Node
  private let names: @Sendable ([String: UInt32]) -> any NameResolver
  private var latest: SpecSource?
  private var good: SpecSource?
  private var resolved: (spec: NodeSpec, links: Links)?

  package init(node: Node, names: @escaping @Sendable ([String: UInt32]) -> any NameResolver) {
    self.node = node
    self.names = names
  }

  /// Whether any source could be read since the start.
  package var hasSource: Bool { latest != nil }

  /// - Returns: whether it differs from the source before.
  package mutating func take(_ source: SpecSource) -> Bool {
    guard latest?.digest != source.digest else { return false }
    latest = source
    return true
  }

  /// The newest source's spec for this node, or that of the last good source if the newest one does not compile here.
  /// Throws if there is no good one.
  package mutating func resolve(on links: Links) throws(SpecError) -> Resolution {
    guard let newest = latest else { throw SpecError([]) }
    if let resolved, resolved.spec.digest == newest.digest, resolved.links == links {
      return Resolution(spec: resolved.spec)
    }
    do throws(SpecError) {
      let spec = try resolve(newest, on: links)
      good = newest
      return Resolution(spec: spec)
    } catch {
      guard let good, good.digest != newest.digest else { throw error }
      if let resolved, resolved.links == links {
        return Resolution(spec: resolved.spec, rejection: error.description)
      }
      return Resolution(spec: try resolve(good, on: links), rejection: error.description)
    }
  }

  private mutating func resolve(_ source: SpecSource, on links: Links) throws(SpecError) -> NodeSpec {
    var node = node
    node.addresses = links.addresses
    let spec = try source.resolve(for: node, names: names(links.interfaces))
    resolved = (spec, links)
    return spec
  }
}
