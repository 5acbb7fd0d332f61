import Agent
import ArgumentParser
import FoundationEssentials
import Glibc
import Kernel
import Model
import Plan
import RuleLanguage
import Spec
import SystemPackage

/// How a command says its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// Where specs are.
struct SpecFlags: ParsableArguments {
  @Option(name: .shortAndLong, help: "A spec file or a folder of them; may be repeated.")
  var file: [String] = []
}

/// Standard output and standard error.
enum Output {
  static func line(_ text: String) throws { try bytes(Array((text + "\n").utf8)) }

  static func bytes(_ bytes: some Sequence<UInt8>) throws {
    do {
      _ = try FileDescriptor.standardOutput.writeAll(bytes)
    } catch Errno.brokenPipe {
      throw ExitStatus.unread
    }
  }

  /// Standard error is the last place to say something: if it is closed, nobody wants to know.
  static func error(_ text: String) { _ = try? FileDescriptor.standardError.writeAll(Array((text + "\n").utf8)) }
}

extension Output {
  static func difference(_ text: PlanText) throws {
    // https://no-color.org: the variable counts if it is there and not empty.
    let hasColour = environment()["NO_COLOR", default: ""].isEmpty && isatty(1) == 1
    // Not by `line`, which would copy what may be megabytes.
    try bytes((text.text.isEmpty ? "no difference" : hasColour ? text.coloured : text.text).utf8)
    try line("")
  }
}

/// This node's own files.
enum HostFile {
  static func read(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// With the line that it points into, as it stands in the file now.
  static func withExcerpt(_ diagnostic: Diagnostic) -> Diagnostic {
    var diagnostic = diagnostic
    let lines = read(diagnostic.location.file)?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    let index = Int(diagnostic.location.line) - 1
    if lines.indices.contains(index) { diagnostic.excerpt = String(lines[index]) }
    return diagnostic
  }

  static func names(_ interfaces: [String: UInt32]) -> SystemNames {
    SystemNames(
      interfaces: interfaces, secondsEastOfUTC: { LocalTime.secondsEastOfUTC(at: $0) }, read: { HostFile.read($0) })
  }
}

/// Exit statuses (ArgumentParser itself ends with 64, EX_USAGE, for wrong arguments).
enum ExitStatus {
  static let differs = ExitCode(1)
  static let failed = ExitCode(2)
  /// Nobody reads standard output any more: what a shell says of a program that SIGPIPE has ended.
  static let unread = ExitCode(128 + SIGPIPE)
}

extension ParsableCommand {
  /// Runs a command's body; an error is said on standard error and ends the program with status 2.
  func reporting(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let exit as ExitCode {
      throw exit
    } catch let error as SpecError {
      Output.error(error.description)
      throw ExitStatus.failed
    } catch let error as any LocatedError {
      Output.error(error.diagnostic.map { HostFile.withExcerpt($0).description } ?? "netbaton: \(error)")
      throw ExitStatus.failed
    } catch {
      Output.error("netbaton: \(error)")
      throw ExitStatus.failed
    }
  }
}

/// The process's environment.
func environment() -> [String: String] { ProcessInfo.processInfo.environment }
