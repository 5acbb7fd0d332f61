import Model

extension RuleRaiser {
  /// Statements that are no matches.
  mutating func raise(action expression: Expression) {
    switch expression {
    case .verdict(.jump(.anonymous(let rules))): append("jump " + block(rules), needs: [])
    case .verdict(.goto(.anonymous(let rules))): append("goto " + block(rules), needs: [])
    case .verdict(let verdict): append(StatementText.text(of: verdict), needs: [])
    case .counter, .limit, .quota, .connectionLimit, .last: append(StatementText.stateful(expression), needs: [])
    case .log(let log): append(StatementText.text(of: log), needs: [])
    case .reject(let kind, let code): reject(kind: kind, code: code)
    case .nat, .masquerade, .redirect, .tproxy: translate(expression)
    case .noTrack: append("notrack", needs: [])
    case .object(let kind, let name): append("\(Self.reference(to: kind)) \"\(name)\"", needs: [])
    case .objectMap(let set, let key): objectMap(set, key: key)
    case .flowOffload(let table): append("flow add @\(table)", needs: [])
    case .synproxy(let mss, let scale, let flags):
      let parts = StatementText.synproxy(mss: mss, windowScale: scale, flags: flags)
      append((["synproxy"] + parts).joined(separator: " "), needs: [])
    case .dynamicSet(let operation, let set, let key, let data, let timeout, let expressions):
      update(operation, set, key: key, data: data, timeout: timeout, expressions)
    case .queue, .duplicate, .forward: hand(expression)
    default: assign(expression)
    }
  }

  /// Rules in braces, one after another.
  private func block(_ rules: [Rule]) -> String {
    let lines = rules.map { rule -> String in
      var raiser = RuleRaiser(family: context.family, values: values, sets: sets)
      return raiser.raise(rule.expressions) + RuleText.comment(rule)
    }
    return "{ \(lines.joined(separator: "; ")); }"
  }

  /// nft's words before an object's name.
  static func reference(to kind: ObjectKind) -> String {
    switch kind {
    case .counter: "counter name"
    case .quota: "quota name"
    case .limit: "limit name"
    case .connectionLimit: "ct count name"
    case .conntrackHelper: "ct helper set"
    case .conntrackTimeout: "ct timeout set"
    case .conntrackExpectation: "ct expectation set"
    case .secmark: "meta secmark set"
    case .synproxy: "synproxy name"
    case .tunnel: "tunnel name"
    }
  }

  private mutating func objectMap(_ set: SetReference, key: Register) {
    let length = definition(of: set).map { Int($0.keyLength) }
    let (operand, parts) = takeKey(from: key, length: length)
    var writer = makeWriter()
    let text = writer.text(of: .map(operand, set, parts: parts))
    var kind = ObjectKind.counter
    if case .object(let known)? = definition(of: set)?.data { kind = known }
    append("\(Self.reference(to: kind)) \(text)", needs: writer.uses)
  }

  private mutating func reject(kind: UInt32, code: UInt8) {
    switch kind {
    case 1: append("reject with tcp reset", needs: [.init(id: .tcp, tunnel: nil)])
    case 2:
      let name = SymbolTable.icmpxCode.name(of: UInt64(code)) ?? String(code)
      append(name == "port-unreachable" ? "reject" : "reject with icmpx \(name)", needs: [])
    default: rejectInFamily(code: code)
    }
  }

  private mutating func rejectInFamily(code: UInt8) {
    let isIPv6 = context[nil].network == .ip6
    let symbols = isIPv6 ? SymbolTable.icmpv6Code : SymbolTable.icmpCode
    let name = symbols.name(of: UInt64(code)) ?? String(code)
    let text = "reject with \(isIPv6 ? "icmpv6" : "icmp") \(name)"
    let isDefault = name == "port-unreachable" && (context.family == .ipv4 || context.family == .ipv6)
    append(isDefault ? "reject" : text, needs: [], removing: rejectDependency(isIPv6: isIPv6))
  }

  /// The match that the compiler adds before a reject of one family.
  private func rejectDependency(isIPv6: Bool) -> Dependency? {
    switch context.family {
    case .inet: Dependency(key: .nfProto, value: isIPv6 ? 10 : 2)
    case .bridge, .netdev: Dependency(key: .linkProtocol, value: isIPv6 ? 0x86DD : 0x0800)
    case .ipv4, .ipv6, .arp: nil
    }
  }

  private mutating func update(
    _ operation: DynamicSetOperation, _ set: String, key: Register, data: Register?, timeout: UInt64?,
    _ expressions: [Expression]
  ) {
    let definition = sets[set]
    let dataText = data.map { register -> (String, [OperandText.ProtocolUse]) in
      var writer = makeWriter()
      let shape = definition.flatMap { SetText.dataShapes(of: $0).first }
      let text = writer.text(of: takeKey(from: register, length: nil).operand, as: shape)
      return (text, writer.uses)
    }
    var writer = makeWriter()
    let (operand, parts) = takeKey(from: key, length: definition.map { Int($0.keyLength) })
    // The set's own types say what constants among the key's parts are.
    let shapes = definition.map { SetDeclarationText(family: context.family, values: values).keyShapes(of: $0) }
    let keyText =
      if let shapes, shapes.count == parts.count {
        zip(parts, shapes).map { writer.text(of: $0.operand, as: $1) }.joined(separator: " . ")
      } else {
        writer.text(of: operand)
      }
    var text = "\(operation) @\(set) { \(keyText)"
    if let timeout { text += " timeout " + DurationText.text(milliseconds: timeout) }
    for expression in expressions { text += " " + StatementText.stateful(expression) }
    if let dataText { text += " : " + dataText.0 }
    append(text + " }", needs: writer.uses + (dataText?.1 ?? []))
  }

  /// queue, dup and fwd: they hand the packet to somebody.
  private mutating func hand(_ expression: Expression) {
    var writer = makeWriter()
    switch expression {
    case .queue(let target, let flags):
      let names = [(1, "bypass"), (2, "fanout")].filter { flags & UInt16($0.0) != 0 }.map(\.1)
      let head = "queue" + (names.isEmpty ? "" : " flags " + names.joined(separator: ","))
      let shape = ValueShape(.integer, length: 16, order: .host)
      switch target {
      case .numbers(let first, let count):
        append("\(head) to \(first)" + (count > 1 ? "-\(Int(first) + Int(count) - 1)" : ""), needs: [])
      case .register(let register):
        let text = writer.text(of: value(in: register).operand, as: shape)
        append("\(head) to \(text)", needs: writer.uses)
      }
    case .duplicate(let address, let device):
      let parts = [
        address.map { writer.text(of: value(in: $0).operand, as: addressShape(nil)) },
        device.map { text(ofDevice: $0, &writer) },
      ]
      append("dup to " + parts.compactMap { $0 }.joined(separator: " device "), needs: writer.uses)
    case .forward(let device, let address, let family):
      let target = text(ofDevice: device, &writer)
      guard let address else { return append("fwd to \(target)", needs: writer.uses) }
      let to = writer.text(of: value(in: address).operand, as: addressShape(family))
      append("fwd \(family == 10 ? "ip6" : "ip") to \(to) device \(target)", needs: writer.uses)
    default: return
    }
  }

  private func text(ofDevice register: Register, _ writer: inout OperandText) -> String {
    writer.text(of: value(in: register).operand, as: ValueShape(.interfaceIndex, length: 32, order: .host))
  }

  /// `family` is `NFPROTO_*`; nil for the table's own.
  func addressShape(_ family: UInt32?) -> ValueShape {
    family == 10 || family == nil && context.family == .ipv6
      ? ValueShape(.ipv6Address, length: 128, order: .network) : ValueShape(.ipv4Address, length: 32, order: .network)
  }
}
