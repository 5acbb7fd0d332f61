import CNftnl
import Model
import Netlink

// Tables, chains and flowtables: what has hooks and what holds it all.

extension MessageWriter {
  mutating func tableAttributes(_ table: Table) {
    text(NFTA_TABLE_NAME, table.id.name)
    number(NFTA_TABLE_FLAGS, table.flags.rawValue)
    let userdata = Userdata.table(table)
    if !userdata.entries.isEmpty { put(UInt16(NFTA_TABLE_USERDATA.rawValue), userdata.bytes) }
  }

  /// A chain's attributes, its table's apart.
  mutating func chainAttributes(_ chain: Chain) {
    text(NFTA_CHAIN_NAME, chain.name)
    if let base = chain.base {
      text(NFTA_CHAIN_TYPE, base.type)
      number(NFTA_CHAIN_POLICY, base.policy.rawValue)
      nested(NFTA_CHAIN_HOOK) { writer in writer.hook(base) }
      if base.isOffloaded { number(NFTA_CHAIN_FLAGS, UInt32(NFT_CHAIN_HW_OFFLOAD.rawValue)) }
    }
    var userdata = Userdata()
    userdata.append(NFTNL_UDATA_CHAIN_COMMENT, text: chain.comment)
    if !userdata.entries.isEmpty { put(UInt16(NFTA_CHAIN_USERDATA.rawValue), userdata.bytes) }
  }

  private mutating func hook(_ base: BaseChain) {
    number(NFTA_HOOK_HOOKNUM, base.hook)
    number(NFTA_HOOK_PRIORITY, UInt32(bitPattern: base.priority))
    if base.devices.count == 1 {
      text(NFTA_HOOK_DEV, base.devices[0])
    } else if !base.devices.isEmpty {
      nested(NFTA_HOOK_DEVS) { writer in writer.devices(base.devices) }
    }
  }

  private mutating func devices(_ names: [String]) {
    for name in names { text(NFTA_DEVICE_NAME, name) }
  }

  /// A flowtable's attributes, its table's apart.
  mutating func flowtableAttributes(_ flowtable: Flowtable) {
    text(NFTA_FLOWTABLE_NAME, flowtable.name)
    nested(NFTA_FLOWTABLE_HOOK) { writer in
      writer.number(NFTA_FLOWTABLE_HOOK_NUM, flowtable.hook)
      writer.number(NFTA_FLOWTABLE_HOOK_PRIORITY, UInt32(bitPattern: flowtable.priority))
      writer.nested(NFTA_FLOWTABLE_HOOK_DEVS) { writer in writer.devices(flowtable.devices) }
    }
    if flowtable.flags != 0 { number(NFTA_FLOWTABLE_FLAGS, flowtable.flags) }
  }
}

extension Table {
  /// The table alone.
  init?(_ attributes: Attributes, family: Family) {
    guard let name = attributes.text(NFTA_TABLE_NAME) else { return nil }
    let userdata = attributes.first(NFTA_TABLE_USERDATA).map { Userdata($0.payload) }
    self.init(
      id: TableID(family, name), flags: TableFlags(rawValue: attributes.number(NFTA_TABLE_FLAGS) ?? 0),
      comment: userdata?.text(NFTNL_UDATA_TABLE_COMMENT), isOwn: userdata?.isOwn ?? false)
  }
}

/// A chain as a dump gives it: without rules, and whether it has a name of its own.
struct ReadChain {
  var table: String
  var chain: Chain
  var isAnonymous: Bool
}

extension ReadChain {
  init?(_ attributes: Attributes) {
    guard let table = attributes.text(NFTA_CHAIN_TABLE), let name = attributes.text(NFTA_CHAIN_NAME) else { return nil }
    let flags = attributes.number(NFTA_CHAIN_FLAGS) ?? 0
    self.table = table
    isAnonymous = flags & UInt32(NFT_CHAIN_BINDING.rawValue) != 0
    chain = Chain(
      name: name, base: BaseChain(attributes, flags: flags),
      comment: attributes.first(NFTA_CHAIN_USERDATA).flatMap { Userdata($0.payload).text(NFTNL_UDATA_CHAIN_COMMENT) },
      handle: attributes.long(NFTA_CHAIN_HANDLE))
  }
}

extension BaseChain {
  init?(_ attributes: Attributes, flags: UInt32) {
    guard let hook = attributes.nested(NFTA_CHAIN_HOOK), let number = hook.number(NFTA_HOOK_HOOKNUM),
      let type = attributes.text(NFTA_CHAIN_TYPE)
    else { return nil }
    var devices = hook.nested(NFTA_HOOK_DEVS)?.map(\.string) ?? []
    if devices.isEmpty, let device = hook.text(NFTA_HOOK_DEV) { devices = [device] }
    self.init(
      type: type, hook: number, priority: Int32(bitPattern: hook.number(NFTA_HOOK_PRIORITY) ?? 0),
      policy: attributes.number(NFTA_CHAIN_POLICY).flatMap(ChainPolicy.init) ?? .accept, devices: devices,
      isOffloaded: flags & UInt32(NFT_CHAIN_HW_OFFLOAD.rawValue) != 0)
  }
}

extension Flowtable {
  init?(_ attributes: Attributes) {
    guard let name = attributes.text(NFTA_FLOWTABLE_NAME), let hook = attributes.nested(NFTA_FLOWTABLE_HOOK),
      let number = hook.number(NFTA_FLOWTABLE_HOOK_NUM)
    else { return nil }
    self.init(
      name: name, hook: number, priority: Int32(bitPattern: hook.number(NFTA_FLOWTABLE_HOOK_PRIORITY) ?? 0),
      devices: hook.nested(NFTA_FLOWTABLE_HOOK_DEVS)?.map(\.string) ?? [],
      flags: attributes.number(NFTA_FLOWTABLE_FLAGS) ?? 0, handle: attributes.long(NFTA_FLOWTABLE_HANDLE))
  }
}
