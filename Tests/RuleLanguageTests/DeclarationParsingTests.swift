import Model
import Testing

@testable import RuleLanguage

/// Blocks and commands, and the order in which a block's parts are handed on.
@Suite struct DeclarationParsingTests {
  private func words(_ words: [Word]) -> String { words.map(\.text).joined(separator: ",") }

  private func describe(_ command: CommandSyntax) -> String {
    let verb = command.verb == .add ? "" : "\(command.verb.rawValue) "
    switch command.subject {
    case .table(let table):
      return "\(verb)table \(table.reference.id)\(table.flags.isEmpty ? "" : " flags=\(words(table.flags))")"
        + (table.comment.map { " comment=\($0.text)" } ?? "")
    case .chain(_, let chain):
      let hook = chain.hook.map { hook in
        " \(hook.type.text) \(hook.hook.text) \(hook.priority.name?.text ?? "")\(hook.priority.offset)"
          + (hook.devices.isEmpty ? "" : " on \(words(hook.devices))")
      }
      return "\(verb)chain \(chain.name.text)\(hook ?? "")\(chain.policy.map { " policy \($0.text)" } ?? "")"
    case .newChainName(_, let chain, let name): return "rename \(chain.text) \(name.text)"
    case .rule(_, let chain, let position, let rule):
      let place = position.map { " \($0.kind.rawValue) \($0.number)" } ?? ""
      return "\(verb)rule \(chain.text)\(place): \(rule?.tree ?? "-")"
    case .set(_, let set):
      return "\(verb)\(set.isMap ? "map" : "set") \(set.name.text) \(type(set.key))\(data(set.data))"
        + (set.flags.isEmpty ? "" : " flags=\(words(set.flags))")
        + set.statements.map { " \($0.tree)" }.joined()
    case .elements(_, let set, let elements):
      return "\(verb)elements \(set.text) \(elements.map(\.tree).joined(separator: ", "))"
    case .object(_, let object): return "\(verb)object \(object.kind) \(object.name.text)"
    case .flowtable(_, let flowtable): return "\(verb)flowtable \(flowtable.name.text) on \(words(flowtable.devices))"
    case .ruleset(let family): return "\(verb)ruleset \(family.map(\.keyword) ?? "all")"
    case .other(let word): return "\(verb)\(word.text)"
    }
  }

  private func type(_ type: SetSyntax.DataType?) -> String {
    switch type {
    case .type(let names)?: names.map(\.text).joined(separator: ".")
    case .typeof(let expression)?: expression.tree
    case nil: "-"
    }
  }

  private func data(_ data: SetSyntax.MapData?) -> String {
    switch data {
    case .value(let value, let isInterval)?: " : \(isInterval ? "interval " : "")\(type(value))"
    case .verdict?: " : verdict"
    case .object(let kind)?: " : object \(kind.text)"
    case nil: ""
    }
  }

  @Test(arguments: [
    (
      "table inet t {\n chain a { jump b; }\n chain b { }\n set s { type ipv4_addr; }\n}",
      ["table inet t", "chain a", "chain b", "set s ipv4_addr", "rule a: jump b"]
    ),
    (
      "table t { chain c { type filter hook input priority filter - 10; policy drop; accept; }; }",
      ["table ip t", "chain c filter input filter-10 policy drop", "rule c: accept"]
    ),
    (
      "add chain netdev t c { type filter hook ingress devices = { eth0, \"eth1\" } priority -300; }",
      ["chain c filter ingress -300 on eth0,eth1"]
    ),
    ("table t { flags dormant; comment \"x\"; }", ["table ip t", "table ip t flags=dormant", "table ip t comment=x"]),
    (
      "table t { set s { elements = { 1.1.1.1 timeout 5s, 2.2.2.2 }; typeof ip saddr; flags timeout,dynamic; counter; }; }",
      ["table ip t", "set s <ip saddr> flags=timeout,dynamic counter(0,0)", "elements s 1.1.1.1 timeout=5000, 2.2.2.2"]
    ),
    (
      "table t { map m { type ipv4_addr . inet_service : interval ipv4_addr . inet_service; flags interval; }; }",
      ["table ip t", "map m ipv4_addr.inet_service : interval ipv4_addr.inet_service flags=interval"]
    ),
    (
      "table t { map m { typeof ip saddr : ct expectation; }; map v { type mark : verdict; }; }",
      ["table ip t", "map m <ip saddr> : object ct expectation", "map v mark : verdict"]
    ),
    ("add element inet t s { 10.0.0.0/8, * }", ["elements s [10.0.0.0 / 8], *"]),
    (
      "define a = { 1.1.1.1 }\nadd element t s $a\nadd element t s { $a, 2.2.2.2 }",
      ["elements s 1.1.1.1", "elements s 1.1.1.1, 2.2.2.2"]
    ),
    ("insert rule t c index 3 accept", ["insert rule c index 3: accept"]),
    ("add t c accept", ["rule c: accept"]),
    ("delete rule t c handle 3", ["delete rule c handle 3: -"]),
    (
      "delete element t s { 1.1.1.1 }; flush set t s; flush ruleset inet",
      ["delete elements s 1.1.1.1", "flush set s -", "flush ruleset inet"]
    ),
    ("rename chain t a b; destroy table inet t", ["rename a b", "destroy table inet t"]),
    (
      "table t { ct helper h { type \"ftp\" protocol tcp; l3proto ip; }; quota q { over 25 mbytes; }; limit l { rate 1/second; }; }",
      ["table ip t", "object conntrackHelper h", "object quota q", "object limit l"]
    ),
    (
      "add counter t c packets 3 bytes 4; add synproxy t s mss 1460 wscale 7",
      ["object counter c", "object synproxy s"]
    ),
    (
      "table t { flowtable f { hook ingress priority 0; devices = { a, b }; }; }", ["table ip t", "flowtable f on a,b"]
    ),
    (
      "define d = eth0\ntable t { chain c { iifname $d accept; define d = eth1; iifname $d drop; }; }",
      ["table ip t", "chain c", "rule c: <meta iifname> ~ eth0 accept", "rule c: <meta iifname> ~ eth1 drop"]
    ),
    ("define p = \"in: \"\nadd rule t c log prefix \"$p x\"", ["rule c: log(prefix=in:  x)"]),
    ("list ruleset", ["list ruleset"]),
  ]) func commands(text: String, expected: [String]) {
    #expect(parseErrors(text) == [])
    #expect(parse(text).commands.map(describe) == expected)
  }

  @Test func largeSetsComeInChunks() {
    let addresses = (0..<10_000).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: ", ")
    let chunks = parse("add element t s { \(addresses) }").commands.compactMap { command in
      if case .elements(_, _, let elements) = command.subject { elements.count } else { nil }
    }
    #expect(chunks.reduce(0, +) == 10_000)
    #expect(chunks.allSatisfy { $0 <= Parser.elementChunk })
  }
}
