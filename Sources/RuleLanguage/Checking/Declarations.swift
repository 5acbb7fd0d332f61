package import Model

/// The type of one value: of a selector, of a part of a set's key, of a map's data.
package struct ValueType: Sendable {
  package var type: DataType
  /// In which order its bytes stand in a register or in a set's element.
  package var order: ByteOrder
  /// In bits.
  package var width: Int
  /// Names of one field alone.
  var symbols: SymbolTable?

  package init(_ type: DataType, order: ByteOrder? = nil, width: Int? = nil, symbols: SymbolTable? = nil) {
    self.type = type
    self.order = order ?? type.byteOrder
    self.width = width ?? type.bitWidth
    self.symbols = symbols
  }

  /// Whole bytes that it takes.
  package var size: Int { (width + 7) / 8 }
  /// What it takes in a concatenation, in 4-byte registers.
  var slots: Int { (width + 31) / 32 }
  var isNetworkOrder: Bool { order != .host }
}

/// A set or map as rules see it.
package struct SetDeclaration: Sendable {
  package enum Data: Sendable {
    case verdict
    case values([ValueType], isInterval: Bool)
    case object(ObjectKind)
  }

  /// Its elements left empty.
  package var definition: SetDefinition
  /// One value for each part of a concatenation.
  package var key: [ValueType]
  package var data: Data?

  package init(definition: SetDefinition, key: [ValueType], data: Data? = nil) {
    self.definition = definition
    self.key = key
    self.data = data
  }

  package var isInterval: Bool { definition.flags.contains(.interval) }
}

/// What a table has declared so far, by name.
package protocol Declarations {
  func set(_ name: String) -> SetDeclaration?
  func hasChain(_ name: String) -> Bool
  func hasObject(_ kind: ObjectKind, _ name: String) -> Bool
  func hasFlowtable(_ name: String) -> Bool
}

/// A rule with the sets that it declared on its way (`meter`).
package struct CompiledRule: Sendable {
  package var rule: Rule
  package var sets: [SetDeclaration]
}
