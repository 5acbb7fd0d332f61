import ArgumentParser
import Configuration
import FoundationEssentials
import Logging
import Model
import Spec
import SystemPackage

/// Flags that most commands share. Each may also be said by a `NETBATON_*` variable or in the settings file; a flag
/// wins over a variable, a variable over the file.
struct CommonFlags: ParsableArguments {
  @Option(name: .customLong("config"), help: "The settings file (default: /etc/netbaton/agent.yaml, if it is there).")
  var config: String?

  @Option(help: "This node's name in locks, logs and specs (default: the host's name).")
  var nodeName: String?

  @Option(name: .customLong("label"), help: "A label of this node, KEY=VALUE; may be repeated.")
  var labels: [String] = []

  @Option(help: "The lock: file:PATH, etcd://HOST:PORT[,...]/PREFIX or etcds://... (TLS).")
  var lock: String?

  @Option(help: "The certificate authority for etcds:// (PEM; default: the system's).")
  var etcdCa: String?

  @Option(help: "This client's certificate for etcds:// (PEM).")
  var etcdCert: String?

  @Option(help: "The certificate's key (PEM).")
  var etcdKey: String?

  @Option(help: "The etcd user.")
  var etcdUser: String?

  @Option(help: "A file that holds the etcd user's password.")
  var etcdPasswordFile: String?

  @Option(help: "Where the history and the default lock file are kept (default: /var/lib/netbaton).")
  var stateDir: String?

  @Option(help: "The number that marks own routes and policy rules, 5 to 255 (default: 110).")
  var routeProtocol: String?

  @Option(help: "How log lines look: text, journal or json (default: journal under journald, else text).")
  var logFormat: String?

  @Option(help: "The least level that is logged: trace, debug, info, notice, warning, error (default: info).")
  var logLevel: String?
}

/// How a change is to prove itself before it stays.
struct ProofFlags: ParsableArguments {
  @Option(
    help: """
      What must hold over a new connection before a change stays: tcp:HOST:PORT, http://HOST[:PORT]/PATH, https://... \
      or gateway:DEVICE; may be repeated. The specs' own are added.
      """)
  var probe: [String] = []

  @Option(
    help: """
      Whether changes are on trial: auto (where a probe or a lock in the network can prove them), required (what the \
      kernel cannot hold on trial is refused) or off (default: auto).
      """)
  var trial: String?

  @Option(help: "After which a change that was not confirmed is taken back, where no spec says (default: 10s).")
  var trialDeadline: String?
}

/// What the flags, the variables and the settings file say together.
struct Settings: Sendable {
  private let reader: ConfigReader
  private let flags: CommonFlags
  private let environment: [String: String]
  private let filePath: String
  private let file: SettingsFile

  static let defaultFile = "/etc/netbaton/agent.yaml"

  init(_ flags: CommonFlags, environment: [String: String]) throws {
    self.flags = flags
    self.environment = environment
    filePath = flags.config ?? environment["NETBATON_CONFIG"] ?? Settings.defaultFile
    let mustExist = filePath != Settings.defaultFile
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    file = try SettingsFile(reading: filePath, mustExist: mustExist)
    for (key, entry) in file.entries {
      values[AbsoluteConfigKey([key.rawValue], context: [:])] = ConfigValue(.string(entry.text), isSecret: false)
    }
    reader = ConfigReader(providers: [
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "netbaton"),
      InMemoryProvider(name: filePath, values: values),
    ])
  }

  private func value(_ flag: String?, _ key: Setting) -> String? {
    flag ?? reader.string(forKey: ConfigKey([key.rawValue]))
  }

  /// A value that does not do, with who said it: the flag, the variable or the settings file's line.
  /// - Parameter flag: what was said on the command line; nil if nothing was.
  func refusal(_ flag: String?, _ key: Setting, must be: String) -> any Error {
    let text = value(flag, key) ?? ""
    let variable = "NETBATON_" + key.rawValue.uppercased().replacing("-", with: "_")
    if flag != nil { return UsageError("--\(key.rawValue) must be \(be), not `\(text)`") }
    if environment[variable] != nil { return UsageError("\(variable) must be \(be), not `\(text)`") }
    let message = "\(key.rawValue) must be \(be), not `\(text)`"
    return file.entries[key]?.refusal(message) ?? UsageError(message)
  }

  private func list(_ flag: [String], _ key: Setting) -> [String] {
    if !flag.isEmpty { return flag }
    return value(nil, key)?.split(separator: ",").map { $0.trimmingPrefix(" ") }.map(String.init) ?? []
  }

  func specs(_ flag: [String]) throws -> [String] {
    let paths = list(flag, .specs)
    guard !paths.isEmpty else {
      throw UsageError("name the specs with -f PATH, NETBATON_SPECS or `specs:` in \(filePath)")
    }
    return paths
  }

  var nodeName: String { value(flags.nodeName, .nodeName) ?? ProcessInfo.processInfo.hostName }

  func labels() throws -> [String: String] {
    try list(flags.labels, .labels).reduce(into: [:]) { labels, text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        if !flags.labels.isEmpty { throw UsageError("--label must be KEY=VALUE, not `\(text)`") }
        throw refusal(nil, .labels, must: "KEY=VALUE, several with commas between them")
      }
      labels[String(parts[0])] = String(parts[1])
    }
  }

  var stateFolder: FilePath { FilePath(value(flags.stateDir, .stateDir) ?? "/var/lib/netbaton") }
  var lock: String { value(flags.lock, .lock) ?? "file:\(stateFolder.appending("lock"))" }

  func wrongLock(_ expected: String) -> any Error { refusal(flags.lock, .lock, must: expected) }

  var etcd: EtcdFiles {
    EtcdFiles(
      authority: value(flags.etcdCa, .etcdCa), certificate: value(flags.etcdCert, .etcdCert),
      key: value(flags.etcdKey, .etcdKey), user: value(flags.etcdUser, .etcdUser),
      passwordFile: value(flags.etcdPasswordFile, .etcdPasswordFile))
  }

  func routeProtocol() throws -> UInt8 {
    guard let text = value(flags.routeProtocol, .routeProtocol) else { return 110 }
    // 0 to 4 are the kernel's own: a route that the kernel or an administrator made must not look like ours.
    guard let number = UInt8(text), number > 4 else {
      throw refusal(flags.routeProtocol, .routeProtocol, must: "a number from 5 to 255")
    }
    return number
  }

  func slots(_ flag: String?) throws -> Int {
    guard let text = value(flag, .slots) else { return 1 }
    guard let number = Int(text), number >= 1 else { throw refusal(flag, .slots, must: "a number, 1 or more") }
    return number
  }

  func allowsRemoval(_ flag: Bool) throws -> Bool {
    if flag { return true }
    switch value(nil, .allowRemoval) {
    case nil, "false": return false
    case "true": return true
    default: throw refusal(nil, .allowRemoval, must: "true or false")
    }
  }

  func resync(_ flag: String?) throws -> Duration {
    guard let text = value(flag, .resync) else { return .seconds(300) }
    guard let duration = Duration(text), duration >= .seconds(1) else {
      throw refusal(flag, .resync, must: "a time such as 30s, 5m or 1h, and 1s at least")
    }
    return duration
  }

  /// What this node's changes must hold, beside what the specs say.
  func probes(_ flags: ProofFlags) throws -> [Probe] {
    let said = list(flags.probe, .probes)
    guard !said.isEmpty else { return file.probes ?? [] }
    let place = flags.probe.isEmpty ? "NETBATON_PROBES" : "--probe"
    return try said.map { text in
      guard let probe = Probe(shortForm: text, origin: SourceLocation(file: place)) else {
        throw UsageError(
          "\(place) must be tcp:HOST:PORT, http://HOST[:PORT]/PATH, https://... or gateway:DEVICE, not `\(text)`")
      }
      return probe
    }
  }

  func trialMode(_ flags: ProofFlags) throws -> TrialMode {
    guard let text = value(flags.trial, .trial) else { return .auto }
    guard let mode = TrialMode(rawValue: text) else {
      throw refusal(flags.trial, .trial, must: "auto, required or off")
    }
    return mode
  }

  /// - Returns: nil if it is not set.
  func trialDeadline(_ flags: ProofFlags) throws -> Duration? {
    guard let text = value(flags.trialDeadline, .trialDeadline) else { return nil }
    guard let duration = Duration(text), (.seconds(1)...(.seconds(3600))).contains(duration) else {
      throw refusal(flags.trialDeadline, .trialDeadline, must: "a time such as 30s or 5m, 1s to 1h")
    }
    return duration
  }

  func logger() throws -> Logger {
    let isJournal = environment["JOURNAL_STREAM"] != nil
    let format = value(flags.logFormat, .logFormat) ?? (isJournal ? "journal" : "text")
    let level = value(flags.logLevel, .logLevel) ?? "info"
    guard let format = LogFormat(rawValue: format) else {
      throw refusal(flags.logFormat, .logFormat, must: "text, journal or json")
    }
    guard let level = Logger.Level(rawValue: level) else {
      throw refusal(
        flags.logLevel, .logLevel, must: "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return Logger(label: "netbaton") { LogOutput(label: $0, format: format, level: level) }
  }
}

/// Where etcd's certificates and password are.
struct EtcdFiles: Sendable {
  var authority: String?
  var certificate: String?
  var key: String?
  var user: String?
  var passwordFile: String?
}

/// A command was called in a way that cannot work.
struct UsageError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension Duration {
  /// `90s`, `5m`, `1h30m`; nil for anything else.
  init?(_ text: String) {
    var total = Duration.zero
    var digits = ""
    for character in text {
      if character.isASCII, character.isNumber {
        digits.append(character)
        continue
      }
      guard let count = Int64(digits), count <= 1_000_000 else { return nil }
      switch character {
      case "s": total += .seconds(count)
      case "m": total += .seconds(count * 60)
      case "h": total += .seconds(count * 3600)
      default: return nil
      }
      digits = ""
    }
    guard digits.isEmpty, !text.isEmpty else { return nil }
    self = total
  }
}
