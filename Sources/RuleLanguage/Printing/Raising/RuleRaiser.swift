import Model

/// Turns a rule's expressions back into statements, one pass with the registers' contents at hand.
struct RuleRaiser {
  /// A statement's text, and what it may have made superfluous before it.
  struct Piece {
    /// nil for a match that `dependency` says all of: most of them go again, and are written only if they stay.
    var text: String?
    /// What the piece is for later ones, if it is a match for equality.
    var dependency: Dependency?
    /// The protocols that the text names.
    var uses: [OperandText.ProtocolUse] = []
    /// What was known before it.
    var before: KnownProtocols
    /// The compiler adds it by itself before the next piece that is not; it returns if that one goes.
    var isImplied = false
  }

  let values: ValueText
  /// The table's sets by name, as far as they are at hand.
  let sets: [String: SetDefinition]
  private(set) var context: KnownProtocols
  var registers = RegisterFile()
  private(set) var pieces: [Piece] = []
  /// A lower bound that was compared; nft before 1.1 writes a range as two comparisons.
  private var lowerBound: (register: Register, value: Bytes)?

  init(family: Family, values: ValueText, sets: [String: SetDefinition]) {
    self.values = values
    self.sets = sets
    context = KnownProtocols(family: family)
    pieces.reserveCapacity(8)
  }

  /// The rule's statements in order, on one line.
  mutating func raise(_ expressions: [Expression]) -> String {
    for (index, expression) in expressions.enumerated() {
      if load(expression) { continue }
      if isLowerBound(expression, before: expressions[(index + 1)...]) { continue }
      raise(statement: expression)
    }
    var text = ""
    var separator = ""
    for index in pieces.indices where !pieces[index].isImplied {
      text += separator
      text += pieces[index].text ?? pieces[index].dependency.map(self.text(of:)) ?? ""
      separator = " "
    }
    return text
  }

  /// Adds a statement, and takes away the matches before it that the compiler adds by itself.
  /// - Parameter needs: the protocols that the statement's text names.
  mutating func append(_ text: String, needs: [OperandText.ProtocolUse], dependency: Dependency? = nil) {
    hideImplied(by: needs, before: pieces.count)
    pieces.append(Piece(text: text, dependency: dependency, uses: needs, before: context))
  }

  /// Adds a match for what a `meta` key says of the packet itself.
  mutating func append(_ dependency: Dependency) {
    pieces.append(Piece(dependency: dependency, before: context))
    context.learn(dependency)
  }

  private func text(of dependency: Dependency) -> String {
    let operand = context.operand(of: dependency)
    let shape = context.shape(of: operand)
    let value = Bytes(bigEndian: dependency.value, width: max(shape.byteLength, 1))
    var writer = makeWriter()
    return writer.text(of: operand) + " " + values.text(value, as: shape)
  }

  /// - Parameter removing: a match that the compiler adds before just this statement.
  mutating func append(_ text: String, needs: [OperandText.ProtocolUse], removing dependency: Dependency?) {
    if let dependency, pieces.last?.dependency == dependency { pieces.removeLast() }
    append(text, needs: needs)
  }

  /// Hides the last matches before `end` if they are just what the compiler adds before a statement that names the
  /// protocols; as many of them as possible.
  private mutating func hideImplied(by uses: [OperandText.ProtocolUse], before end: Int) {
    guard !uses.isEmpty else { return }
    let first = (pieces[..<end].lastIndex { $0.dependency == nil } ?? -1) + 1
    guard let cut = (first..<end).first(where: { areImplied($0..<end, by: uses) }) else { return }
    // What the hidden ones made superfluous is needed again, as far as those that stay do not do so themselves.
    for index in first..<cut {
      pieces[index].isImplied = false
      hideImplied(by: pieces[index].uses, before: index)
    }
    for index in cut..<end { pieces[index].isImplied = true }
  }

  private func areImplied(_ places: Range<Int>, by uses: [OperandText.ProtocolUse]) -> Bool {
    var known = pieces[places.lowerBound].before
    var place = places.lowerBound
    for (index, use) in uses.enumerated() {
      let dependencies = known.dependencies(of: use)
      for dependency in dependencies {
        guard place < places.upperBound, pieces[place].dependency == dependency else { return false }
        place += 1
      }
      // Only another use asks what is known now.
      if index < uses.count - 1 { dependencies.forEach { known.learn($0) } }
    }
    return place == places.upperBound
  }

  mutating func learn(_ operand: RaisedOperand, is value: UInt64) { context.learn(operand, is: value) }
  mutating func learn(_ operand: RaisedOperand, isOneOf values: [UInt64]) { context.learn(operand, isOneOf: values) }

  func makeWriter() -> OperandText { OperandText(context: context, values: values) }

  mutating func store(_ operand: RaisedOperand, length: Int, order: ByteOrder, shift: Int = 0, to register: Register) {
    let statement = pieces.count { !$0.isImplied }
    registers.store(
      Loaded(operand: operand, length: length, order: order, shift: shift, statement: statement), to: register)
  }

  /// What a register holds; told as such if nothing was loaded.
  func value(in register: Register) -> Loaded {
    registers[register] ?? Loaded(operand: .unknown(register), length: 4, order: .network)
  }

  /// What lies in consecutive registers: one operand, or a concatenation.
  mutating func takeKey(from register: Register, length: Int?) -> (operand: RaisedOperand, parts: [Loaded]) {
    let run = registers.run(from: register, length: length)
    registers.discard(from: register, count: run.count)
    switch run.count {
    case 0: return (.unknown(register), [])
    case 1: return (run[0].operand, run)
    default: return (.concatenation(run.map(\.operand)), run)
    }
  }

  // MARK: Comparisons

  private mutating func isLowerBound(_ expression: Expression, before rest: ArraySlice<Expression>) -> Bool {
    guard case .compare(.greaterOrEqual, let register, let value) = expression,
      case .compare(.lessOrEqual, register, _) = rest.first
    else { return false }
    lowerBound = (register, value)
    return true
  }

  private mutating func raise(statement expression: Expression) {
    switch expression {
    case .compare(.lessOrEqual, let register, let value) where lowerBound?.register == register:
      let first = lowerBound?.value ?? value
      lowerBound = nil
      matchRange(value: self.value(in: register), from: first, through: value, inverted: false)
    case .compare(let comparison, let register, let bytes):
      match(value: value(in: register), comparison, bytes)
    case .range(let register, let from, let through, let inverted):
      matchRange(value: value(in: register), from: from, through: through, inverted: inverted)
    case .lookup(let set, let key, nil, let inverted): matchSet(set, key: key, inverted: inverted)
    case .lookup(let set, let key, .verdict, _): verdictMap(set, key: key)
    default: raise(action: expression)
    }
  }
}

extension KnownProtocols {
  mutating func learn(_ dependency: Dependency) { learn(operand(of: dependency), is: dependency.value) }

  /// What the dependency is a match of.
  func operand(of dependency: Dependency) -> RaisedOperand {
    switch dependency.key {
    case .nfProto: .meta(.nfProto, tunnel: dependency.tunnel)
    case .linkProtocol: .meta(.protocol, tunnel: dependency.tunnel)
    case .l4Proto: .meta(.l4Proto, tunnel: dependency.tunnel)
    case .interfaceType: .meta(.iifType, tunnel: dependency.tunnel)
    case .messageType: .payload(PacketSlice(base: .transport, offset: 0, length: 8, tunnel: dependency.tunnel))
    case .etherType: .payload(PacketSlice(base: .link, offset: 96, length: 16, tunnel: dependency.tunnel))
    case .vlanType:
      .payload(
        PacketSlice(
          base: .link, offset: 128 + 32 * (self[dependency.tunnel].vlanTags - 1), length: 16, tunnel: dependency.tunnel)
      )
    }
  }
}
