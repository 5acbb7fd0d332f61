/// The names by which libnftnl's listings call the kernel's numbers; the position in a list is the number.
///
/// The rule language has other names for some of these; its own tables hold them.
enum KernelNames {
  /// `NFT_META_*` (linux/netfilter/nf_tables.h)
  static let metaKeys = [
    "len", "protocol", "priority", "mark", "iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "skuid", "skgid",
    "nftrace", "rtclassid", "secmark", "nfproto", "l4proto", "bri_iifname", "bri_oifname", "pkttype", "cpu",
    "iifgroup", "oifgroup", "cgroup", "prandom", "secpath", "iifkind", "oifkind", "bri_iifpvid", "bri_iifvproto",
    "time", "day", "hour", "sdif", "sdifname", "broute", "bri_iifhwaddr",
  ]

  /// `NFT_CT_*`
  static let conntrackKeys = [
    "state", "direction", "status", "mark", "secmark", "expiration", "helper", "l3protocol", "src", "dst", "protocol",
    "proto_src", "proto_dst", "label", "packets", "bytes", "avgpkt", "zone", "event", "src_ip", "dst_ip", "src_ip6",
    "dst_ip6", "id",
  ]

  /// `NFT_RT_*`
  static let routingKeys = ["classid", "nexthop4", "nexthop6", "tcpmss", "ipsec"]

  /// `NFT_SOCKET_*`
  static let socketKeys = ["transparent", "mark", "wildcard", "cgroupv2"]

  /// `NFT_XFRM_KEY_*`
  static let xfrmKeys = ["unspec", "daddr4", "daddr6", "saddr4", "saddr6", "reqid", "spi"]

  /// `NFT_TUNNEL_*`
  static let tunnelKeys = ["path", "id"]

  /// `NFT_FIB_RESULT_*`
  static let fibResults = ["unspec", "oif", "oifname", "type"]

  /// `NFTA_FIB_F_*`, by bit; the last asks only whether there is a route.
  static let fibFlags = ["saddr", "daddr", "mark", "iif", "oif"]
  static let fibPresent: UInt32 = 1 << 5

  /// `NFT_CMP_*`, in the order of `ComparisonOperator`
  static let comparisons = ["eq", "neq", "lt", "lte", "gt", "gte"]

  /// `NFT_PAYLOAD_*_HEADER`
  static let payloadBases = ["link", "network", "transport", "inner", "tunnel"]

  /// `NFT_EXTHDR_OP_*`; listings name no others.
  static let extensionHeaders = ["ipv6", "tcpopt", "ipv4"]

  /// `NFT_DYNSET_OP_*`
  static let setOperations = ["add", "update", "delete"]

  /// `NF_LOG_*` (linux/netfilter/nf_log.h), by bit; bit 4 (`NF_LOG_NFLOG`) is the kernel's own.
  static let logFlags: [(bit: UInt32, name: String)] = [
    (0x1, "tcpseq"), (0x2, "tcpopt"), (0x4, "ipopt"), (0x8, "uid"), (0x20, "macdecode"),
  ]

  /// The list's name for `number`, or `unknown` with the number, as no reader should take it for another.
  static func name(_ number: UInt32, in names: [String]) -> String {
    names.indices.contains(Int(number)) ? names[Int(number)] : "unknown(\(number))"
  }
}
