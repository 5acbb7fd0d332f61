import Model
import Testing

@Suite struct DiagnosticTests {
  @Test func whatASpecHasInItDoesNotSpeakToTheTerminal() {
    let location = Model.SourceLocation(file: "a.nft", line: 1, column: 3)
    let text = Diagnostic(.error, "unexpected '\u{1B}[2J'", at: location, excerpt: "ab\u{1B}[2J", length: 4).description
    #expect(text == "a.nft:1:3: error: unexpected '\u{241B}[2J'\nab\u{241B}[2J\n  ^~~~")
  }

  @Test func aLongLineIsCut() {
    let long = String(repeating: "x", count: 100_000)
    let location = Model.SourceLocation(file: "a.nft", line: 1, column: 1)
    #expect(Diagnostic(.error, long, at: location, excerpt: long, hint: long).description.utf8.count < 1000)
  }
}
