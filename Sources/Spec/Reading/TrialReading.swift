private enum TrialKey: String, CaseIterable { case deadline, required }

private let trialKeys = KeyTable<TrialKey>("\"trial\"")

extension SpecDecoder {
  /// `{ deadline: 30s, required: true }`, or `required` in short.
  mutating func trial(_ node: Int) -> TrialTerms? {
    if tree.isScalar(node), !tree.isNull(node) {
      if tree.string(node) == "required" { return TrialTerms(isRequired: true) }
      mismatch(node, "\"trial\"", expected: "required, or a mapping such as { deadline: 30s, required: true }")
      return nil
    }
    var terms = TrialTerms()
    fields(of: node, trialKeys) { decoder, key, value in
      switch key {
      case .deadline:
        terms.deadline = decoder.duration(
          value, "the trial's deadline", .seconds(1)...(.seconds(3600)), form: "a time such as 30s or 5m, at most 1h")
      case .required: terms.isRequired = decoder.boolean(value, "\"required\"") ?? false
      }
    }
    return terms
  }

  /// A number with `ms`, `s`, `m` or `h`.
  mutating func duration(
    _ node: Int, _ subject: String, _ range: ClosedRange<Duration>, form: String
  ) -> Duration? {
    let text = tree.isScalar(node) ? tree.string(node) : ""
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [Substring: Duration] = [
      "ms": .milliseconds(1), "s": .seconds(1), "m": .seconds(60), "h": .seconds(3600),
    ]
    guard let unit = units[text.dropFirst(digits.count)], let count = Int(digits), count <= 1_000_000,
      range.contains(unit * count)
    else {
      mismatch(node, subject, expected: form)
      return nil
    }
    return unit * count
  }
}
