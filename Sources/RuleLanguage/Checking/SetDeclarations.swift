import Model

/// `set NAME { … }` and `map NAME { … }`, without their elements.
struct SetDeclarationChecker {
  let compiler: RuleCompiler

  func declare(_ set: SetSyntax) throws(SyntaxError) -> SetDeclaration {
    guard let keySyntax = set.key else {
      throw SyntaxError("the set has no type", at: set.name.span, hint: "expected type or typeof")
    }
    let key = try types(keySyntax, of: set)
    var flags = try self.flags(set)
    var userdata = SetUserdata(keyByteOrder: Self.byteOrder(key.types))
    userdata.mergesElements = set.mergesElements
    userdata.keyTypeof = key.typeof
    userdata.comment = set.comment?.text
    let data = try self.data(set, &flags, &userdata)
    if set.timeout != nil { flags.insert(.timeout) }
    if key.types.count > 1, flags.contains(.interval) { flags.insert(.concatenation) }
    var expressions: [Expression] = []
    for statement in set.statements {
      expressions.append(try RuleChecker(compiler: compiler, chain: nil).stateful(statement))
    }
    if expressions.count > 1 { flags.insert(.expression) }
    if let policy = set.policy, policy.text != "performance", policy.text != "memory" {
      throw SyntaxError("unknown policy \(policy.text)", at: policy.span, hint: "expected performance or memory")
    }
    let definition = SetDefinition(
      name: set.name.text, flags: flags, keyType: DataType.concatenatedNumber(key.types.map(\.type)),
      keyLength: ElementChecker.length(key.types),
      fieldLengths: flags.contains(.concatenation) ? key.types.map { UInt8($0.size) } : [],
      data: data.map { Self.mapData($0) },
      timeout: set.timeout, garbageCollectionInterval: set.garbageCollectionInterval.map { UInt32(clamping: $0) },
      size: set.size, policy: set.policy.map { $0.text == "memory" ? 1 : 0 }, expressions: expressions,
      userdata: userdata)
    return SetDeclaration(definition: definition, key: key.types, data: data)
  }

  /// nft notes no order for a concatenation.
  private static func byteOrder(_ types: [ValueType]) -> UInt32 { types.count == 1 ? types[0].order.rawValue : 0 }

  private func flags(_ set: SetSyntax) throws(SyntaxError) -> SetFlags {
    let known: [String: SetFlags] = [
      "constant": .constant, "interval": .interval, "timeout": .timeout, "dynamic": .dynamic,
    ]
    var flags: SetFlags = set.isMap ? .map : []
    for word in set.flags {
      guard let flag = known[word.text] else {
        throw SyntaxError(
          "unknown flag \(word.text)", at: word.span, hint: "expected constant, interval, timeout or dynamic")
      }
      flags.insert(flag)
    }
    return flags
  }

  // MARK: Types

  private func types(
    _ syntax: SetSyntax.DataType, of set: SetSyntax
  ) throws(SyntaxError) -> (types: [ValueType], typeof: [UInt8]?) {
    switch syntax {
    case .type(let words):
      var types: [ValueType] = []
      for word in words {
        guard let type = DataType(keyword: word.text), type != .verdict else {
          throw SyntaxError("unknown data type \(word.text)", at: word.span)
        }
        guard type.bitWidth > 0 else {
          throw SyntaxError(
            "values of type \(word.text) have no width of their own", at: word.span,
            hint: "write typeof and an expression")
        }
        types.append(ValueType(type))
      }
      return (types, types.count > 1 ? TypeofEncoder.untold : nil)
    case .typeof(let expression):
      var checker = RuleChecker(compiler: compiler, chain: nil)
      checker.isTypeof = true
      let operand = try checker.operand(expression)
      let types = operand.parts.map(\.value)
      return (types, try TypeofEncoder(compiler: compiler).encode(expression))
    }
  }

  private func data(
    _ set: SetSyntax, _ flags: inout SetFlags, _ userdata: inout SetUserdata
  ) throws(SyntaxError) -> SetDeclaration.Data? {
    guard set.isMap else {
      if set.data != nil { throw SyntaxError("a set has no data", at: set.name.span, hint: "write map instead of set") }
      return nil
    }
    switch set.data {
    case nil: throw SyntaxError("the map has no data type", at: set.name.span)
    case .verdict:
      userdata.dataByteOrder = 0
      if case .typeof? = set.key { userdata.dataTypeof = TypeofEncoder.verdict }
      return .verdict
    case .object(let word):
      guard let kind = ObjectKind(keyword: word.text) else {
        throw SyntaxError("unknown kind of object \(word.text)", at: word.span)
      }
      flags.remove(.map)
      flags.insert(.object)
      return .object(kind)
    case .value(let syntax, let isInterval):
      let found = try types(syntax, of: set)
      userdata.dataByteOrder = Self.byteOrder(found.types)
      userdata.dataTypeof = found.typeof
      userdata.dataInterval = isInterval
      return .values(found.types, isInterval: isInterval)
    }
  }

  static func mapData(_ data: SetDeclaration.Data) -> MapData {
    switch data {
    case .verdict: .verdict
    case .object(let kind): .object(kind)
    case .values(let types, let isInterval):
      .value(
        type: DataType.concatenatedNumber(types.map(\.type)),
        length: ElementChecker.length(types) * (isInterval ? 2 : 1))
    }
  }
}
