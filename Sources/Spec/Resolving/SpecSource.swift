package import Model
package import RuleLanguage

/// A spec source as it was read at one moment; nothing of it changes after that.
package struct SpecSource: Sendable {
  /// The generation: SHA-256 of the whole source, in hexadecimal, the same on every node.
  package let digest: String
  /// The commit that the source's Git work tree is at; nil if it is in none.
  package let commit: String?
  package let warnings: [Diagnostic]
  let files: SourceFiles
  let documents: [SpecDocument]

  init(digest: String, commit: String?, warnings: [Diagnostic], files: SourceFiles, documents: [SpecDocument]) {
    self.digest = digest
    self.commit = commit
    self.warnings = warnings
    self.files = files
    self.documents = documents
  }

  /// What the specs that select a node say it should have.
  /// - Parameter names: answers for that node; users, services and interfaces are looked up there.
  /// - Throws: every error that was found: rules that do not compile, names that the node does not know, and two
  ///   specs that claim the same table, route or policy rule.
  package func resolve(for node: Node, names: any NameResolver) throws(SpecError) -> NodeSpec {
    let labels = node.allLabels
    let selected = documents.filter { $0.selector.matches(labels) }
    let predefined = PredefinedVariables.values(for: node)
    var report = Report()
    report.add(contentsOf: warnings)
    var claims = Claims()
    var state = NetworkState()
    for document in selected {
      let part = resolve(document, predefined, names, &report)
      claims.add(part, into: &report)
      state.tables += part.tables
      if state.routes.isEmpty { state.routes = part.routes } else { state.routes += part.routes }
      state.policyRules += part.policyRules
    }
    if selected.isEmpty {
      let text = labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ", ")
      let place = SourceLocation(file: files.files.first?.path ?? "spec")
      report.add(
        Diagnostic(.warning, "no spec selects the node \(node.name)", at: place, hint: "its labels are \(text)"))
    }
    report = report.withExcerpts(from: files)
    try report.check()
    return NodeSpec(
      state: state, documents: selected.map(\.name), adopt: selected.flatMap { $0.adopt.map(\.table) },
      probes: selected.flatMap(\.probes), trial: TrialTerms(strictestOf: selected.compactMap(\.trial)),
      digest: digest, commit: commit, warnings: report.diagnostics)
  }

  /// One document by itself.
  func resolve(
    _ document: SpecDocument, _ predefined: [String: String], _ names: any NameResolver, _ report: inout Report
  ) -> NetworkState {
    var state = NetworkState(routes: document.routes, policyRules: document.policyRules)
    settle(document.pendingNames, names, in: &state, &report)
    guard !document.rules.isEmpty else {
      checkAdoption(document, [], &report)
      return state
    }
    do {
      let ruleset = try RulesetCompiler.compile(
        document.variables + document.rules, variables: predefined, names: names, includes: files)
      state.tables = ruleset.tables
      report.add(contentsOf: ruleset.warnings)
      checkAdoption(document, ruleset.tables, &report)
    } catch {
      report.add(contentsOf: error.diagnostics)
    }
    return state
  }

  /// Puts the numbers in for names that the node knows.
  private func settle(
    _ pending: [SpecDocument.PendingName], _ names: any NameResolver, in state: inout NetworkState,
    _ report: inout Report
  ) {
    let tables = "/etc/iproute2/rt_tables"
    for name in pending {
      switch name.target {
      case .routeTable(let index):
        guard let number = names.number(of: name.name, in: tables) else { break }
        state.routes[index].key.table = number
        continue
      case .policyTable(let index):
        guard let number = names.number(of: name.name, in: tables) else { break }
        state.policyRules[index].action = .lookup(table: number)
        continue
      case .policyProtocol(let index):
        guard let number = names.protocolNumber(name.name) else {
          report.add(
            Diagnostic(
              .error, "there is no protocol \"\(name.name)\"", at: name.origin, length: name.name.unicodeScalars.count,
              hint: "give its number, or add it to /etc/protocols on this node"))
          continue
        }
        state.policyRules[index].ipProtocol = number
        continue
      }
      report.add(
        Diagnostic(
          .error, "there is no routing table \"\(name.name)\"", at: name.origin,
          length: name.name.unicodeScalars.count, hint: "give its number, or add it to \(tables) on this node"))
    }
  }

  /// A table to adopt that the spec does not declare is a mistake: it would be left as it is, and nobody would know.
  private func checkAdoption(_ document: SpecDocument, _ tables: [Table], _ report: inout Report) {
    for adoption in document.adopt where !tables.contains(where: { $0.id == adoption.table }) {
      report.add(
        Diagnostic(
          .error, "this spec adopts table \(adoption.table) and does not declare it", at: adoption.origin,
          hint: "declare what the table should hold; adopting replaces what it has"))
    }
  }
}
