import FoundationEssentials
import Model

/// What the settings file may say (`/etc/netbaton/agent.yaml`).
package enum Setting: String, CaseIterable, Sendable {
  case specs
  case lock
  case nodeName = "node-name"
  case labels
  case stateDir = "state-dir"
  case logFormat = "log-format"
  case logLevel = "log-level"
  case resync
  case slots
  case probes
  case trial
  case trialDeadline = "trial-deadline"
  case routeProtocol = "route-protocol"
  case allowRemoval = "allow-removal"
  case etcdCa = "etcd-ca"
  case etcdCert = "etcd-cert"
  case etcdKey = "etcd-key"
  case etcdUser = "etcd-user"
  case etcdPasswordFile = "etcd-password-file"
}

/// What the settings file says.
package struct SettingsFile: Sendable {
  package private(set) var entries: [Setting: Entry] = [:]
  /// In the form that specs write them; nil if the file says nothing of them.
  package private(set) var probes: [Probe]?

  private static let table = KeyTable<Setting>("the settings")
  private static let byteLimit = 1 << 20

  /// What the file says of one setting, and where.
  package struct Entry: Sendable {
    /// As a variable of the environment would hold it: lists are joined by commas, a mapping is `KEY=VALUE` joined by
    /// commas.
    package var text: String
    private let place: SourceLocation
    private let line: String?

    fileprivate init(text: String, place: SourceLocation, line: String?) {
      (self.text, self.place, self.line) = (text, place, line)
    }

    /// For a value that is read and does not do.
    package func refusal(_ message: String) -> SpecError {
      SpecError([Diagnostic(.error, message, at: place, excerpt: line, length: max(1, text.unicodeScalars.count))])
    }
  }

  /// - Parameter mustExist: a file that the user named must be there; the default one may be absent.
  /// - Throws: every mistake in the file, with its place.
  package init(reading path: String, mustExist: Bool) throws(SpecError) {
    guard FileManager.default.fileExists(atPath: path) else {
      if mustExist { throw SpecError("there is no such settings file", in: path) }
      return
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw SpecError("the settings file cannot be read", in: path, hint: "is it readable for this user?")
    }
    guard data.count <= SettingsFile.byteLimit else {
      throw SpecError("the settings file has more than \(SettingsFile.byteLimit) bytes", in: path)
    }
    let file = SpecFile(path: path, name: path, root: 0, isBeside: false, bytes: [UInt8](data))
    let tree: YAMLTree
    do {
      tree = try YAMLReader.read(file, limits: SpecLimits())
    } catch {
      throw SpecError([error])
    }
    var decoder = SpecDecoder(tree, source: file)
    var entries: [Setting: Entry] = [:]
    var probes: [Probe]?
    for root in tree.documents where !tree.isNull(root) {
      decoder.fields(of: root, SettingsFile.table) { decoder, key, value in
        if key == .probes {
          probes = decoder.probes(value)
        } else if let text = decoder.setting(key, value) {
          let place = decoder.tree.location(value)
          entries[key] = Entry(text: text, place: place, line: file.line(place.line))
        }
      }
    }
    try decoder.report.withExcerpts(from: SourceFiles([file], roots: 1)).check()
    self.entries = entries
    self.probes = probes
  }
}

extension SpecDecoder {
  fileprivate mutating func setting(_ key: Setting, _ node: Int) -> String? {
    let subject = "\"\(key.rawValue)\""
    switch (key, tree.kind(node)) {
    case (.specs, .list):
      var paths: [String] = []
      items(of: node, subject) { decoder, item in
        if let path = decoder.text(item, subject) { paths.append(path) }
      }
      return paths.joined(separator: ",")
    case (.labels, _):
      var labels: [String] = []
      entries(of: node, subject) { decoder, key, value in
        if let text = decoder.scalar(value, subject) { labels.append("\(decoder.tree.string(key))=\(text)") }
      }
      return labels.joined(separator: ",")
    default: return scalar(node, subject)
    }
  }

  /// Numbers and words alike: the setting itself says what it takes.
  private mutating func scalar(_ node: Int, _ subject: String) -> String? {
    guard tree.isScalar(node), !tree.isNull(node) else {
      mismatch(node, subject, expected: "a text or a number")
      return nil
    }
    return tree.string(node)
  }
}
