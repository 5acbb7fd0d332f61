package import Model
package import RuleLanguage

extension SpecSource {
  /// Checks the specs for every node that there could be: each by itself for a node that it selects, and each two
  /// that can select the same node for what both claim.
  /// - Parameters:
  ///   - node: what rules may ask beyond the labels that selectors name.
  ///   - names: users, services and interfaces; what differs between nodes should have an answer here.
  /// - Returns: the names of the specs, and warnings.
  /// - Throws: every error that was found.
  package func checkAllNodes(
    like node: Node, names: any NameResolver
  ) throws(SpecError) -> (documents: [String], warnings: [Diagnostic]) {
    var report = Report()
    report.add(contentsOf: warnings)
    var parts: [NetworkState] = []
    for document in documents {
      var example = node
      guard let labels = document.selector.commonLabels(with: NodeSelector()) else {
        report.add(
          Diagnostic(
            .error, "no node can have the labels that the spec \"\(document.name)\" selects", at: document.origin))
        parts.append(NetworkState())
        continue
      }
      example.labels.merge(labels) { _, needed in needed }
      let part = resolve(document, PredefinedVariables.values(for: example), names, &report)
      var claims = Claims()
      claims.add(part, into: &report)
      parts.append(part)
    }
    for (index, document) in documents.enumerated() {
      for other in documents.indices.dropFirst(index + 1) {
        guard let labels = document.selector.commonLabels(with: documents[other].selector) else { continue }
        let text = labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ", ")
        let context = labels.isEmpty ? "" : " on nodes with \(text)"
        clashes(parts[index], parts[other], context, &report)
      }
    }
    report = report.withExcerpts(from: files)
    try report.check()
    return (documents.map(\.name), report.diagnostics)
  }

  /// Only between the two: what each claims twice by itself has been said.
  private func clashes(_ first: NetworkState, _ second: NetworkState, _ context: String, _ report: inout Report) {
    if first.routes.isEmpty || second.routes.isEmpty, first.tables.isEmpty || second.tables.isEmpty,
      first.policyRules.isEmpty || second.policyRules.isEmpty
    {
      return
    }
    var claims = Claims()
    var ignored = Report()
    claims.add(first, into: &ignored)
    claims.add(second, context: context, into: &report)
  }
}
