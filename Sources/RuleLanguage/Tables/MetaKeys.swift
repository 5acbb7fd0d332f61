package import Model

extension KeyTable {
  /// `NFT_META_*`; those after 34 are newer than the 6.1 headers (linux/netfilter/nf_tables.h of Linux 6.18).
  package static let meta = KeyTable(
    [
      .init("length", 0, .integer, 32, .host),
      .init("protocol", 1, .etherType, 16, .network),
      .init("priority", 2, .classID, 32, .host),
      .init("mark", 3, .mark, 32, .host),
      .init("iif", 4, .interfaceIndex, 32, .host),
      .init("oif", 5, .interfaceIndex, 32, .host),
      .init("iifname", 6, .interfaceName, 128, .host),
      .init("oifname", 7, .interfaceName, 128, .host),
      .init("iiftype", 8, .interfaceType, 16, .host),
      .init("oiftype", 9, .interfaceType, 16, .host),
      .init("skuid", 10, .userID, 32, .host),
      .init("skgid", 11, .groupID, 32, .host),
      .init("nftrace", 12, .integer, 1, .host),
      .init("rtclassid", 13, .realm, 32, .host),
      .init("secmark", 14, .integer, 32, .host),
      .init("nfproto", 15, .nfProto, 8, .host),
      .init("l4proto", 16, .inetProtocol, 8, .host),
      .init("ibrname", 17, .interfaceName, 128, .host),
      .init("obrname", 18, .interfaceName, 128, .host),
      .init("pkttype", 19, .packetType, 8, .host),
      .init("cpu", 20, .integer, 32, .host),
      .init("iifgroup", 21, .deviceGroup, 32, .host),
      .init("oifgroup", 22, .deviceGroup, 32, .host),
      .init("cgroup", 23, .integer, 32, .host),
      .init("random", 24, .integer, 32, .network),
      .init("ipsec", 25, .boolean, 8, .host),
      .init("iifkind", 26, .interfaceName, 128, .host),
      .init("oifkind", 27, .interfaceName, 128, .host),
      .init("ibrpvid", 28, .integer, 16, .host),
      .init("ibrvproto", 29, .etherType, 16, .network),
      .init("time", 30, .dateTime, 64, .host),
      .init("day", 31, .day, 8, .host),
      .init("hour", 32, .hour, 32, .host),
      .init("sdif", 33, .interfaceIndex, 32, .host),
      .init("sdifname", 34, .interfaceName, 128, .host),
      .init("broute", 35, .boolean, 8, .host),
      .init("ibrhwaddr", 36, .etherAddress, 48, .network),
    ], aliases: ["secpath": "ipsec", "ibriport": "ibrname", "obriport": "obrname"])
}

extension MetaKey {
  package static let `protocol` = MetaKey(rawValue: 1)
  package static let mark = MetaKey(rawValue: 3)
  package static let iifType = MetaKey(rawValue: 8)
  package static let nfProto = MetaKey(rawValue: 15)
  package static let l4Proto = MetaKey(rawValue: 16)

  /// Keys that `meta` may be left out before, in nft's scanner and when it prints.
  package static let unqualified: Set<String> = [
    "length", "mark", "iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "skuid", "skgid", "nftrace",
    "rtclassid",
    "ibrname", "obrname", "pkttype", "cpu", "iifgroup", "oifgroup", "cgroup", "time", "day", "hour", "ibriport",
    "obriport",
  ]
}
