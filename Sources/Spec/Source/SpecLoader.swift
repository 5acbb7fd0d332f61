import Model
import RuleLanguage

/// Reads spec sources.
package enum SpecLoader {
  /// Reads the files once, and everything in them that does not depend on a node.
  /// - Parameters:
  ///   - paths: folders and files; at least one.
  /// - Throws: every error that was found. An empty or missing source is one: nothing is not an order.
  package static func load(
    paths: [String], limits: SpecLimits = SpecLimits()
  ) throws(SpecError) -> SpecSource {
    guard !paths.isEmpty else {
      throw SpecError("no spec was named", in: "spec", hint: "name a folder or a file with -f")
    }
    var texts: [SpecFile] = []
    for (root, path) in paths.enumerated() {
      texts += try SourceFolder.read(
        path, root: root, bytesBefore: texts.reduce(0) { $0 + $1.bytes.count }, filesBefore: texts.count,
        limits: limits)
    }
    var reading = SourceReading(files: SourceFiles(texts, roots: paths.count), limits: limits)
    reading.readDocuments()
    reading.readRuleFiles()
    reading.checkNames()
    let report = reading.report.withExcerpts(from: reading.files)
    try report.check()
    return SpecSource(
      digest: SourceDigest.digest(of: reading.usedFiles), commit: paths.lazy.compactMap(GitCommit.find).first,
      warnings: report.diagnostics, files: reading.files, documents: reading.documents)
  }
}

/// The files of a source on their way to documents.
private struct SourceReading {
  let files: SourceFiles
  let limits: SpecLimits
  var report = Report()
  var documents: [SpecDocument] = []
  /// Paths of the rule files that something refers to.
  private var references: Set<String> = []
  /// Paths of the rule files whose includes are known.
  private var followed: Set<String> = []

  init(files: SourceFiles, limits: SpecLimits) {
    self.files = files
    self.limits = limits
  }

  mutating func readDocuments() {
    for file in files.files where !file.isRuleText {
      do {
        var decoder = SpecDecoder(try YAMLReader.read(file, limits: limits), source: file)
        let roots = decoder.tree.documents.filter { !decoder.tree.isNull($0) }
        if roots.isEmpty {
          report.add(
            contentsOf: SpecError("there is no spec in this file", in: file.path, hint: Hint.nothing).diagnostics)
        }
        for root in roots { documents.append(decoder.document(root, files: files)) }
        report.merge(decoder.report)
      } catch {
        report.add(error)
      }
    }
  }

  /// A rule file that nothing refers to is a spec for every node.
  mutating func readRuleFiles() {
    for document in documents {
      for rules in document.rules { follow(rules) }
    }
    for file in files.files where file.isRuleText && !file.isBeside { follow(RuleSource(file), isRoot: true) }
    for file in files.files where file.isRuleText && !file.isBeside && !references.contains(file.path) {
      if !file.bytes.contains(where: { $0 > 0x20 }) {
        report.add(contentsOf: SpecError("this file is empty", in: file.path, hint: Hint.nothing).diagnostics)
      }
      var document = SpecDocument(name: file.name, origin: SourceLocation(file: file.path))
      document.rules = [RuleSource(file)]
      documents.append(document)
    }
    if documents.isEmpty, report.errorCount == 0 {
      let place = files.files.first?.path ?? "spec"
      report.add(contentsOf: SpecError("there is no spec in this source", in: place, hint: Hint.nothing).diagnostics)
    }
  }

  /// A file that includes another, and where.
  private struct Step {
    var file: SpecFile
    var inclusion: Inclusion
  }

  /// Marks what rule text includes, file by file. What cannot be found is the compiler's to tell, with the place.
  /// - Parameter trail: how it came to this file, from the first one that includes.
  private mutating func follow(_ rules: RuleSource, isRoot: Bool = false, through trail: [Step] = []) {
    guard let file = files.file(shownAs: rules.start.file) else { return }
    if file.isRuleText {
      if !isRoot { references.insert(file.path) }
      guard followed.insert(file.path).inserted else { return }
    }
    for inclusion in rules.inclusions {
      let steps = trail + [Step(file: file, inclusion: inclusion)]
      for other in (try? files.files(matching: inclusion.path, beside: file)) ?? [] {
        if let first = steps.firstIndex(where: { $0.file.path == other.path }) {
          references.insert(other.path)
          tell(circle: steps[first...])
        } else {
          follow(RuleSource(other), through: steps)
        }
      }
    }
  }

  private mutating func tell(circle steps: ArraySlice<Step>) {
    guard let last = steps.last?.inclusion, let first = steps.first?.file.path else { return }
    let files = steps.map(\.file.path) + [first]
    let places = steps.map { "\($0.inclusion.place.file):\($0.inclusion.place.line)" }
    report.add(
      Diagnostic(
        .error, "files include each other in a circle: \(files.joined(separator: " includes "))", at: last.place,
        length: last.length, hint: "take one of these lines out: \(places.joined(separator: ", "))"))
  }

  mutating func checkNames() {
    var seen: [String: SourceLocation] = [:]
    for document in documents where !document.name.isEmpty {
      if let other = seen.updateValue(document.origin, forKey: document.name) {
        report.add(
          Diagnostic(
            .error, "two specs are named \"\(document.name)\"", at: document.origin,
            hint: "the other is at \(other)"))
      }
    }
  }

  var usedFiles: [SpecFile] { files.files.filter { !$0.isBeside || references.contains($0.path) } }
}

/// What several errors advise.
enum Hint {
  static let nothing = "nothing is not an order: delete the file to take back what it said"
}
