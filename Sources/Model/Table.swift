/// A table with all it holds.
package struct Table: Hashable, Sendable {
  package var id: TableID
  package var flags: TableFlags
  package var comment: String?
  /// Whether netbaton created it: the private userdata entry is there. Always true for a table of a spec.
  package var isOwn: Bool
  package var chains: [Chain]
  package var sets: [SetDefinition]
  package var objects: [StatefulObject]
  package var flowtables: [Flowtable]
  package var origin: SourceLocation?

  package init(
    id: TableID, flags: TableFlags = [], comment: String? = nil, isOwn: Bool = true, chains: [Chain] = [],
    sets: [SetDefinition] = [], objects: [StatefulObject] = [], flowtables: [Flowtable] = [],
    origin: SourceLocation? = nil
  ) {
    self.id = id
    self.flags = flags
    self.comment = comment
    self.isOwn = isOwn
    self.chains = chains
    self.sets = sets
    self.objects = objects
    self.flowtables = flowtables
    self.origin = origin
  }
}

/// `NFT_TABLE_F_*`
package struct TableFlags: OptionSet, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let dormant = TableFlags(rawValue: 0x1)
  package static let owner = TableFlags(rawValue: 0x2)
  package static let persist = TableFlags(rawValue: 0x4)
}

/// A chain with its rules, in order.
package struct Chain: Sendable {
  package var name: String
  /// nil for a chain that is only jumped to.
  package var base: BaseChain?
  package var comment: String?
  package var rules: [Rule]
  package var handle: UInt64?
  package var origin: SourceLocation?

  package init(
    name: String, base: BaseChain? = nil, comment: String? = nil, rules: [Rule] = [], handle: UInt64? = nil,
    origin: SourceLocation? = nil
  ) {
    self.name = name
    self.base = base
    self.comment = comment
    self.rules = rules
    self.handle = handle
    self.origin = origin
  }
}

extension Chain: Hashable {
  package static func == (left: Chain, right: Chain) -> Bool {
    left.name == right.name && left.base == right.base && left.comment == right.comment && left.rules == right.rules
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(rules.count)
  }
}

/// Where a base chain is hooked in: `NFTA_HOOK_*`.
package struct BaseChain: Sendable {
  /// `filter`, `nat` or `route`
  package var type: String
  /// `NF_INET_*`, `NF_ARP_*`, `NF_BR_*` or `NF_NETDEV_*`, as the family has it.
  package var hook: UInt32
  package var priority: Int32
  package var policy: ChainPolicy
  /// For netdev tables and inet's ingress. Their order means nothing: the kernel lists them in one of its own.
  package var devices: [String]
  /// `NFT_CHAIN_HW_OFFLOAD`
  package var isOffloaded: Bool

  package init(
    type: String, hook: UInt32, priority: Int32, policy: ChainPolicy = .accept, devices: [String] = [],
    isOffloaded: Bool = false
  ) {
    self.type = type
    self.hook = hook
    self.priority = priority
    self.policy = policy
    self.devices = devices
    self.isOffloaded = isOffloaded
  }
}

extension BaseChain: Hashable {
  package static func == (left: BaseChain, right: BaseChain) -> Bool {
    left.type == right.type && left.hook == right.hook && left.priority == right.priority
      && left.policy == right.policy && left.devices.sorted() == right.devices.sorted()
      && left.isOffloaded == right.isOffloaded
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(hook)
    hasher.combine(priority)
  }
}

/// `NF_DROP`, `NF_ACCEPT`
package enum ChainPolicy: UInt32, Hashable, Sendable { case drop, accept }

package struct Flowtable: Sendable {
  package var name: String
  package var hook: UInt32
  package var priority: Int32
  package var devices: [String]
  /// `NFT_FLOWTABLE_*`: 1 hardware offload, 2 counter.
  package var flags: UInt32
  package var handle: UInt64?
  package var origin: SourceLocation?

  package init(
    name: String, hook: UInt32, priority: Int32, devices: [String], flags: UInt32 = 0, handle: UInt64? = nil,
    origin: SourceLocation? = nil
  ) {
    self.name = name
    self.hook = hook
    self.priority = priority
    self.devices = devices
    self.flags = flags
    self.handle = handle
    self.origin = origin
  }
}

extension Flowtable: Hashable {
  package static func == (left: Flowtable, right: Flowtable) -> Bool {
    left.name == right.name && left.hook == right.hook && left.priority == right.priority
      && left.devices.sorted() == right.devices.sorted() && left.flags == right.flags
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
