import CNftnl
import Model
import Netlink

extension MessageWriter {
  /// An element inside a list of elements.
  mutating func element(_ element: KernelElement) throws(NotWritable) {
    let nested = beginNested(UInt16(NFTA_LIST_ELEM.rawValue))
    let details = element.details
    let isCatchAll = details?.isCatchAll ?? false
    let flags =
      (element.isEnd ? NFT_SET_ELEM_INTERVAL_END.rawValue : 0) | (isCatchAll ? NFT_SET_ELEM_CATCHALL.rawValue : 0)
    if flags != 0 { number(NFTA_SET_ELEM_FLAGS, flags) }
    if !isCatchAll { data(NFTA_SET_ELEM_KEY, element.key) }
    if let end = element.keyEnd { data(NFTA_SET_ELEM_KEY_END, end) }
    if details != nil || element.isOpen { try elementDetails(details, isOpen: element.isOpen) }
    endNested(nested)
  }

  private mutating func elementDetails(_ details: SetElementDetails?, isOpen: Bool) throws(NotWritable) {
    var none = AnonymousNumbers()
    switch details?.data {
    case nil: break
    case .verdict(let verdict):
      switch verdict {
      case .jump(.anonymous), .goto(.anonymous): throw NotWritable(what: "a chain without a name in a map")
      default: verdictData(NFTA_SET_ELEM_DATA, verdict, &none)
      }
    case .value(let value, let end): data(NFTA_SET_ELEM_DATA, end.map { Bytes(Array(value) + Array($0)) } ?? value)
    case .object(let name): text(NFTA_SET_ELEM_OBJREF, name)
    }
    if let timeout = details?.timeout { number(NFTA_SET_ELEM_TIMEOUT, timeout) }
    if let expiration = details?.expiration { number(NFTA_SET_ELEM_EXPIRATION, expiration) }
    let expressions = details?.expressions ?? []
    if expressions.count == 1 {
      try single(NFTA_SET_ELEM_EXPR, expressions[0], &none)
    } else if !expressions.isEmpty {
      try self.expressions(NFTA_SET_ELEM_EXPRESSIONS, expressions, &none)
    }
    var userdata = Userdata()
    userdata.append(NFTNL_UDATA_SET_ELEM_COMMENT, text: details?.comment)
    if isOpen { userdata.append(NFTNL_UDATA_SET_ELEM_FLAGS, number: UInt32(NFTNL_SET_ELEM_F_INTERVAL_OPEN.rawValue)) }
    if !userdata.entries.isEmpty { put(UInt16(NFTA_SET_ELEM_USERDATA.rawValue), userdata.bytes) }
  }
}

/// What tells how a set's elements are to be understood; a whole definition would be copied for each of them.
struct ElementSet {
  var timeout: UInt64?
  var hasDataIntervals: Bool

  init(_ set: SetDefinition) {
    timeout = set.timeout
    hasDataIntervals = set.userdata.dataInterval
  }
}

extension KernelElement {
  init(_ attributes: Attributes, of set: ElementSet) {
    let flags = attributes.number(NFTA_SET_ELEM_FLAGS) ?? 0
    key = attributes.data(NFTA_SET_ELEM_KEY) ?? Bytes()
    keyEnd = attributes.data(NFTA_SET_ELEM_KEY_END)
    isEnd = flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0
    details = SetElementDetails(attributes, of: set, isCatchAll: flags & NFT_SET_ELEM_CATCHALL.rawValue != 0)
    // A concatenation's single value has an end that is the same.
    if keyEnd == key { keyEnd = nil }
  }
}

extension SetElementDetails {
  /// - Returns: nil if the element has nothing beside its key.
  convenience init?(_ attributes: Attributes, of set: ElementSet, isCatchAll: Bool) {
    var data: ElementData?
    var timeout: UInt64?
    var expiration: UInt64?
    var expressions: [Expression] = []
    var userdata: Userdata?
    for attribute in attributes {
      switch UInt32(attribute.type) {
      case NFTA_SET_ELEM_DATA.rawValue: data = ElementData(attribute.nested, of: set)
      case NFTA_SET_ELEM_OBJREF.rawValue: data = .object(name: attribute.string)
      case NFTA_SET_ELEM_TIMEOUT.rawValue: timeout = attribute.bigEndian()
      case NFTA_SET_ELEM_EXPIRATION.rawValue: expiration = attribute.bigEndian()
      case NFTA_SET_ELEM_EXPR.rawValue: expressions = [ExpressionDecoder.single(attribute.nested)]
      case NFTA_SET_ELEM_EXPRESSIONS.rawValue: expressions = ExpressionDecoder.list(attribute.nested)
      case NFTA_SET_ELEM_USERDATA.rawValue: userdata = Userdata(attribute.payload)
      default: break
      }
    }
    let comment = userdata?.text(NFTNL_UDATA_SET_ELEM_COMMENT)
    // The set's own default comes back with each element.
    if timeout == set.timeout { timeout = nil }
    guard data != nil || timeout != nil || expiration != nil || !expressions.isEmpty || comment != nil || isCatchAll
    else { return nil }
    self.init(
      data: data, timeout: timeout, expiration: expiration, expressions: expressions, comment: comment,
      isCatchAll: isCatchAll)
  }
}

extension ElementData {
  init?(_ attributes: Attributes, of set: ElementSet) {
    if let verdict = attributes.nested(NFTA_DATA_VERDICT) {
      guard let verdict = Verdict(verdict) else { return nil }
      self = .verdict(verdict)
      return
    }
    guard let value = attributes.first(NFTA_DATA_VALUE)?.payload else { return nil }
    guard set.hasDataIntervals, value.count.isMultiple(of: 2) else {
      self = .value(Bytes(value), end: nil)
      return
    }
    // A range of addresses or ports to map to: first and last, one after the other.
    let half = value.count / 2
    self = .value(Bytes(value.part(0..<half)), end: Bytes(value.part(half..<value.count)))
  }
}
