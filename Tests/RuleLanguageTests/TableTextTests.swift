import Model
import RuleLanguage
import Testing

@Suite("Table text")
struct TableTextTests {
  /// Printed in nft's own order and spelling, so that the text is its own listing.
  static let listing = """
    table inet demo {
    \tcomment "example"
    \tcounter hits {
    \t\tcomment "all of them"
    \t}

    \tquota month {
    \t\tover 5 mbytes
    \t}

    \tlimit slow {
    \t\trate 10/second burst 3 packets
    \t}

    \tct helper transfer {
    \t\ttype "ftp" protocol tcp
    \t\tl3proto ip
    \t}

    \tset peers {
    \t\ttype ipv4_addr
    \t\tsize 65535
    \t\tflags dynamic,timeout
    \t\ttimeout 1m
    \t}

    \tset networks {
    \t\ttype ipv4_addr
    \t\tflags interval
    \t\tauto-merge
    \t\tcomment "inside"
    \t\telements = { 10.0.0.0/8, 192.168.0.1-192.168.0.5, 203.0.113.7 comment "one" }
    \t}

    \tset services {
    \t\ttypeof ip saddr . tcp dport
    \t\telements = { 192.0.2.1 . 22, 192.0.2.1 . 80 }
    \t}

    \tset paths {
    \t\ttypeof ct original ip saddr . meta mark
    \t}

    \tmap verdicts {
    \t\ttype inet_service : verdict
    \t\telements = { 22 : accept, 80 : jump other }
    \t}

    \tmap marks {
    \t\ttypeof tcp dport : meta mark
    \t\telements = { 22 : 0x00000005 }
    \t}

    \tmap counted {
    \t\ttype inet_service : counter
    \t\telements = { 443 : "hits" }
    \t}

    \tchain other {
    \t\tcomment "called"
    \t}

    \tchain input {
    \t\ttype filter hook input priority filter + 5; policy drop;
    \t\tip saddr . tcp dport @services accept
    \t\ttcp dport vmap @verdicts
    \t}

    \tchain before {
    \t\ttype nat hook prerouting priority dstnat; policy accept;
    \t}
    }
    """

  private struct None: IncludeResolver {
    func files(matching path: String, from file: String) throws(IncludeError) -> [RuleSource] { [] }
  }

  private func compile(_ text: String) throws -> [Table] {
    let source = RuleSource(text: text, start: SourceLocation(file: "listing", line: 1, column: 1))
    return try RulesetCompiler.compile([source], names: ExampleNames(), includes: None()).tables
  }

  @Test("A table prints as nft lists it, and the listing compiles to the same table")
  func table() throws {
    let tables = try compile(Self.listing)
    let text = tables.flatMap { TableText.lines(of: $0, names: ExampleNames()) }.joined(separator: "\n")
    #expect(text == Self.listing)
    #expect(try compile(text) == tables)
  }
}
