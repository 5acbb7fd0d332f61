import Model

/// `add @set { … }`, `update`, `delete` and the older `meter`.
extension RuleChecker {
  mutating func check(_ update: SetUpdateSyntax) throws(SyntaxError) {
    let set = try declared(update.set.text, at: update.set.span)
    let operations: [SetUpdateSyntax.Operation: DynamicSetOperation] = [.add: .add, .update: .update, .delete: .delete]
    try emitUpdate(operations[update.operation] ?? .add, set, update.element, at: update.set.span)
  }

  private mutating func emitUpdate(
    _ operation: DynamicSetOperation, _ set: SetDeclaration, _ element: ElementSyntax, at span: Span
  ) throws(SyntaxError) {
    let key = try matching(try operand(element.key, expected: set.key), set, at: element.key.span)
    if element.options?.comment != nil {
      throw SyntaxError("an element added by packets has no comment", at: element.span)
    }
    let expressions = try self.expressions(element.options?.statements ?? [], beside: set.definition)
    var value: Operand?
    if case .values(let types, _)? = set.data, let syntax = element.data {
      let found = try operand(syntax, expected: types)
      try requireSame(found.parts.map(\.value), types, at: syntax.span)
      value = types.count == 1 ? found.converted(to: types[0].order) : found
    }
    emit(key, slot: 0)
    let slot = (key.parts.reduce(0) { $0 + $1.value.slots } + 3) / 4 * Self.slotsPerRegister
    var data: Register?
    switch (set.data, element.data) {
    case (nil, nil): break
    case (.values?, let syntax?):
      guard let value, slot < 16 else {
        throw SyntaxError("key and data do not fit into the registers", at: syntax.span)
      }
      emit(value, slot: slot)
      data = Register(slot: slot)
    case (nil, let syntax?): throw SyntaxError("a set's element has no data", at: syntax.span, hint: "declare a map")
    case (_?, nil): throw SyntaxError("the element has no data", at: element.key.span)
    case (.verdict?, let syntax?), (.object?, let syntax?):
      throw SyntaxError("packets can add values alone", at: syntax.span)
    }
    output.append(
      .dynamicSet(
        operation, set: set.definition.name, key: Register(slot: 0), data: data, timeout: element.options?.timeout,
        expressions: expressions))
  }

  /// What each element that the rule adds has beside what the set gives it.
  ///
  /// Where the set declares expressions, the kernel keeps no note of the rule's own: a rule that repeats them and one
  /// that does not are the same to it (`nft_dynset_dump` in net/netfilter/nft_dynset.c). It refuses other kinds, but
  /// takes other values and never tells of them.
  private func expressions(
    _ statements: [StatementSyntax], beside set: SetDefinition
  ) throws(SyntaxError) -> [Expression] {
    var expressions: [Expression] = []
    for statement in statements { expressions.append(try stateful(statement)) }
    guard !set.expressions.isEmpty, let first = statements.first, let last = statements.last else {
      return expressions
    }
    guard expressions.map(\.withoutState) == set.expressions.map(\.withoutState) else {
      throw SyntaxError(
        "set \(set.name) declares other statements for its elements", at: first.span.joined(last.span),
        hint: "write the same ones here, or none")
    }
    return []
  }

  /// Declares a set of the key's type, with a counter or limit for each element, and updates it.
  mutating func checkMeter(name: Word, size: UInt32?, _ element: ElementSyntax) throws(SyntaxError) {
    let key = try operand(element.key)
    let types = key.parts.map(\.value)
    var flags: SetFlags = .dynamic
    if element.options?.timeout != nil { flags.insert(.timeout) }
    let definition = SetDefinition(
      name: name.text, flags: flags, keyType: DataType.concatenatedNumber(types.map(\.type)),
      keyLength: ElementChecker.length(types), size: size ?? 65535,
      userdata: SetUserdata(
        keyByteOrder: types.count > 1 ? 0 : types[0].order.rawValue,
        keyTypeof: types.count > 1 ? TypeofEncoder.untold : nil))
    let set = SetDeclaration(definition: definition, key: types)
    if compiler.declarations.set(name.text) == nil { declaredSets.append(set) }
    try emitUpdate(.update, set, element, at: name.span)
  }
}
