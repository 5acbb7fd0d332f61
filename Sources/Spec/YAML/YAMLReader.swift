import CYaml
import Model

/// Reads YAML through libyaml's events, straight into a `YAMLTree`.
///
/// This is the one place of the module that touches C memory: each event is copied and deleted before the next.
@safe struct YAMLReader: ~Copyable {
  /// On the heap, for `yaml_parser_set_input_string` makes the parser point into itself.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let source: SpecFile
  private var builder: YAMLBuilder
  /// What was left out of the text and was not put back yet.
  private var missing: ArraySlice<Abridgement.Run> = []
  /// How many lines were put back.
  private var restored = 0
  /// How many lines libyaml has counted, once it is at the end.
  private var lineCount = 0

  /// - Throws: what is wrong first, as a sentence with its place.
  static func read(_ source: SpecFile, limits: SpecLimits) throws(Diagnostic) -> YAMLTree {
    if let short = Abridgement(of: source.bytes) {
      var reader = try YAMLReader(source, limits: limits)
      // What is wrong is told by the whole text, where everything has its place.
      if (try? reader.read(short)) == true { return reader.builder.tree }
    }
    return try readWhole(source, limits: limits)
  }

  /// All of it through libyaml.
  static func readWhole(_ source: SpecFile, limits: SpecLimits) throws(Diagnostic) -> YAMLTree {
    var reader = try YAMLReader(source, limits: limits)
    try reader.read(source.bytes)
    return reader.builder.tree
  }

  private init(_ source: SpecFile, limits: SpecLimits) throws(Diagnostic) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      unsafe parser.deallocate()
      throw Diagnostic(.error, "there is no memory left to read this file", at: SourceLocation(file: source.path))
    }
    unsafe self.parser = unsafe parser
    self.source = source
    builder = YAMLBuilder(file: source.path, limits: limits)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
  }

  /// - Returns: false if something that was left out could not be put back: then the tree means nothing.
  private mutating func read(_ short: Abridgement) throws(Diagnostic) -> Bool {
    missing = short.runs[...]
    try read(short.text)
    // To YAML, some rare characters end a line too; they would shift all places.
    return missing.isEmpty && lineCount == short.lineCount
  }

  private mutating func read(_ bytes: [UInt8]) throws(Diagnostic) {
    let failure: Diagnostic? = unsafe bytes.withUnsafeBufferPointer { buffer -> Diagnostic? in
      // An empty array may have no address, which libyaml asserts on.
      guard let base = buffer.baseAddress, buffer.count > 0 else { return nil }
      unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      // A byte order mark would count as a column, and move the first line's keys out of line with the others.
      let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      unsafe yaml_parser_set_input_string(parser, base + start, buffer.count - start)
      do throws(Diagnostic) {
        while try readEvent() {}
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// - Returns: false after the last event.
  private mutating func readEvent() throws(Diagnostic) -> Bool {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
    defer { unsafe yaml_event_delete(&event) }
    let mark = unsafe event.start_mark
    let place = YAMLBuilder.Place(line: Int32(mark.line + restored) + 1, column: Int32(mark.column) + 1)
    switch unsafe event.type {
    case YAML_STREAM_END_EVENT:
      lineCount = Int(mark.line)
      return false
    case YAML_DOCUMENT_START_EVENT: try builder.startDocument(at: place)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      try unsafe refuse(anchor: scalar.anchor, tag: scalar.tag, at: place)
      unsafe builder.tree.text.append(contentsOf: UnsafeBufferPointer(start: scalar.value, count: scalar.length))
      try builder.scalar(length: unsafe scalar.length, kind: YAMLReader.kind(of: unsafe scalar.style), at: place)
    case YAML_SEQUENCE_START_EVENT:
      try unsafe refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, at: place)
      try builder.open(.list, at: place)
    case YAML_MAPPING_START_EVENT:
      try unsafe refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, at: place)
      try builder.open(.mapping, at: place)
    case YAML_SEQUENCE_END_EVENT: builder.close()
    case YAML_MAPPING_END_EVENT:
      let mapping = builder.close()
      if let mapping { try restore(after: mapping) }
    case YAML_ALIAS_EVENT:
      throw builder.diagnostic("aliases are refused", at: place, hint: "write the value out where it is used")
    default: break
    }
    return true
  }

  /// Puts back the items that were left out after this one, if it is the first of a run.
  private mutating func restore(after mapping: Int) throws(Diagnostic) {
    guard let run = missing.first, builder.isItem(mapping, indentedBy: run.indentation) else { return }
    let line = run.first.line + restored + 1
    guard builder.tree.nodes[mapping].line == Int32(line) else { return }
    try builder.addItems(of: run, at: Int32(line + run.first.count), in: source.bytes)
    restored += run.lineCount
    missing.removeFirst()
  }

  private func refuse(
    anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?, at place: YAMLBuilder.Place
  ) throws(Diagnostic) {
    if unsafe anchor != nil {
      throw builder.diagnostic(
        "anchors are refused", at: place, hint: "write the value out where it is used; quote a text that begins with &")
    }
    if unsafe tag != nil {
      throw builder.diagnostic("tags are refused", at: place, hint: "quote a text that begins with !")
    }
  }

  private static func kind(of style: yaml_scalar_style_t) -> YAMLTree.Kind {
    switch style {
    case YAML_LITERAL_SCALAR_STYLE: .literal
    case YAML_FOLDED_SCALAR_STYLE: .folded
    case YAML_PLAIN_SCALAR_STYLE: .plain
    default: .quoted
    }
  }

  private func syntaxError() -> Diagnostic {
    let words = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "this is not YAML"
    let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
    let message = context.map { "\(words) \($0)" } ?? words
    if unsafe parser.pointee.error == YAML_READER_ERROR {
      // Bytes that are no UTF-8 or no text: libyaml tells the byte and not the line.
      let place = source.place(ofByte: unsafe Int(parser.pointee.problem_offset))
      return builder.diagnostic("YAML: \(words)", at: place)
    }
    let mark = unsafe parser.pointee.problem_mark
    let place = YAMLBuilder.Place(line: Int32(mark.line) + 1, column: Int32(mark.column) + 1)
    let isTab = words.contains("cannot start any token") && source.line(place.line)?.contains("\t") == true
    return builder.diagnostic("YAML: \(message)", at: place, hint: isTab ? "YAML is indented with spaces" : nil)
  }
}
