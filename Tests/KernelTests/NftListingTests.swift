import Kernel
import Model
import Plan
import RuleLanguage
import Support
import Testing

/// What the compiler makes of a text, nft lists as that text; and netbaton finds nothing left to do.
///
/// The other way round (`NftablesRoundTripTests`) a mistake that reading and writing share would not show.
@Suite struct NftListingTests {
  private struct NoFiles: IncludeResolver {
    func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] { [] }
  }

  @Test(arguments: ListedRulesets.all)
  func listsAsWritten(_ text: String) async throws {
    try await NetworkNamespace.with { namespace in
      let kernel = try LiveKernel(namespace: namespace.path)
      let source = RuleSource(text: text, start: SourceLocation(file: "sample.nft", line: 1, column: 1))
      let names = SystemNames(interfaces: ["lo": 1]) { _ in nil }
      let tables = try RulesetCompiler.compile([source], names: names, includes: NoFiles()).tables
      let desired = NetworkState(tables: tables)
      let plan = try Plan(current: NetworkState(), desired: desired)
      _ = try await kernel.commit(plan.nftables, from: kernel.generation(), with: Samples.baton())
      #expect(try await namespace.ruleset() == text)

      let rest = try Plan(current: await kernel.read(ReadScope()).state, desired: desired)
      #expect(rest.nftables.isEmpty, "\(rest.nftables)")
    }
  }
}

/// As nft 1.0.6 lists them.
enum ListedRulesets {
  static let all = [objects, typeofSets, anonymousMaps, statements]

  private static let objects = """
    table ip t {
    \tct expectation e {
    \t\tprotocol tcp
    \t\tdport 5060
    \t\ttimeout 2m
    \t\tsize 8
    \t\tl3proto ip
    \t}
    }

    """

  /// nft prints these expressions from what was left for it with the set.
  private static let typeofSets = """
    table inet t {
    \tset vlans {
    \t\ttypeof vlan id . vlan pcp . ether saddr
    \t}

    \tset options {
    \t\ttypeof tcp option maxseg size . tcp option sack2 right . ip option ra value
    \t}

    \tset chunks {
    \t\ttypeof sctp chunk data ssn . frag more-fragments . mh checksum
    \t}

    \tset addresses {
    \t\ttypeof arp saddr ip . arp daddr ether
    \t}

    \tset computed {
    \t\ttypeof symhash mod 4 offset 5
    \t}

    \tset routing {
    \t\ttypeof srh sid[1] . socket mark . ct direction
    \t}

    \tmap ports {
    \t\ttypeof ip saddr . @ih,32,32 : verdict
    \t\telements = { 192.0.2.1 . 0x14 : accept }
    \t}
    }

    """

  private static let anonymousMaps = """
    table ip t {
    \tmap spans {
    \t\ttype ipv4_addr : verdict
    \t\tflags interval
    \t\telements = { 10.0.0.0/24 : accept, 10.0.1.0/24 : drop }
    \t}

    \tchain c {
    \t\tip saddr . @nh,32,32 vmap { 192.0.2.1 . 0x34 : accept, 192.0.2.2 . 0x45 : drop }
    \t\tip saddr . th dport { 192.0.2.1 . 22 } accept
    \t\tip saddr vmap { 10.0.0.0/24 : accept, 10.0.1.0/24 : drop }
    \t}
    }

    """

  private static let statements = """
    table ip t {
    \tset seen {
    \t\ttype ipv4_addr
    \t\tsize 65535
    \t\tflags dynamic
    \t}

    \tmap marks {
    \t\ttype ipv4_addr : mark
    \t\tsize 64
    \t\ttimeout 1m
    \t}

    \tchain c {
    \t\ttype filter hook input priority filter; policy accept;
    \t\tlog prefix "a " group 2 snaplen 33
    \t\tlog group 2 queue-threshold 2
    \t\tosf name "Linux"
    \t\tfib saddr . iif oif missing drop
    \t\treset tcp option mptcp
    \t\tct protocol tcp ct original proto-dst 22
    \t\tadd @seen { ip saddr }
    \t\tadd @marks { ip saddr : 0x00000001 }
    \t}

    \tchain n {
    \t\ttype nat hook prerouting priority dstnat; policy accept;
    \t\tdnat ip to iifname . ip saddr map { "lo" . 10.1.1.136 : 192.0.2.1/32, "lo" . 10.1.1.1-10.1.1.135 : 192.0.2.2-192.0.2.66 }
    \t}
    }

    """
}
