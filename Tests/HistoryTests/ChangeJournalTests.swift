import FoundationEssentials
import Glibc
import History
import Support
import SystemPackage
import Testing

@Suite struct ChangeJournalTests {
  let folder: TemporaryFolder
  let journal: ChangeJournal

  init() throws {
    folder = try TemporaryFolder()
    journal = try ChangeJournal(folder: folder.path, node: "n1")
  }

  private func header(_ node: String = "n1") -> ChangeHeader {
    ChangeHeader(
      node: node, boot: journal.boot, time: Timestamp(microseconds: 1_000_000), token: 7, instance: "a1",
      specGeneration: "abc", commit: "c0ffee", kernelGeneration: 12, trial: 7)
  }

  private func claim(_ journal: ChangeJournal? = nil) throws -> ChangeClaim {
    try #require(try (journal ?? self.journal).claim())
  }

  private let inverse = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }

  @Test func whatIsBegunIsFound() throws {
    let claim = try claim()
    #expect(try claim.find() == .none)
    try claim.begin(header(), inverse: inverse)
    #expect(try claim.find() == .open(OpenChange(header: header(), inverse: inverse)))
    #expect(try folder.names == ["change", "change.lock"])
    // Another plan for the same change.
    try claim.begin(header(), inverse: [])
    #expect(try journal.find() == .open(OpenChange(header: header(), inverse: [])))
    try claim.remove()
    try claim.remove()
    #expect(try claim.find() == .none)
    #expect(try folder.names == ["change.lock"])
  }

  @Test func theLastMarkCounts() throws {
    let claim = try claim()
    try claim.begin(header(), inverse: inverse)
    let long = String(repeating: "the probe did not answer; ", count: 400)
    for mark in [ChangeMark.undoing("no answer"), .undone(long), .kept, .ended("reverted")] {
      try claim.mark(mark)
      guard case .open(let change) = try journal.find() else { throw Unexpected() }
      if case .undone(let reason) = change.mark {
        #expect(long.hasPrefix(reason) && reason.count > 200)
      } else {
        #expect(change.mark == mark)
      }
      #expect(change.inverse == inverse)
    }
    for _ in 0..<20 { try claim.mark(.kept) }
    try claim.mark(.undone("at last"))
    guard case .open(let change) = try journal.find() else { throw Unexpected() }
    #expect(change.mark == .undone("at last"))
  }

  private struct Unexpected: Error {}

  /// A file that was cut off anywhere, or of which a byte is another one, is no journal.
  @Test func everyTornFileIsKnown() throws {
    try claim().begin(header(), inverse: Array(inverse.prefix(20)))
    let whole = try Data(contentsOf: URL(filePath: journal.path.string))
    let marks = 8 * 1024
    for length in Array(0..<(whole.count - marks)) + Array(stride(from: whole.count - marks, to: whole.count, by: 999))
    {
      try whole.prefix(length).write(to: URL(filePath: journal.path.string))
      #expect(try journal.find() == .torn, "\(length) of \(whole.count) bytes")
    }
    for position in 0..<(whole.count - marks) {
      var bytes = whole
      // A digit of the format's version becomes none.
      bytes[position] ^= 0x10
      try bytes.write(to: URL(filePath: journal.path.string))
      #expect(try journal.find() == .torn, "byte \(position)")
    }
    #expect(try claim().find() == .torn)
    #expect(try claim().find() == .none)
  }

  @Test func aTornMarkIsNone() throws {
    let claim = try claim()
    try claim.begin(header(), inverse: inverse)
    let before = try Data(contentsOf: URL(filePath: journal.path.string))
    try claim.mark(.undone("no answer"))
    let after = try Data(contentsOf: URL(filePath: journal.path.string))
    let written = after.indices.filter { before[$0] != after[$0] }
    let last = try #require(written.last)
    for end in written {
      var torn = after
      for position in end...last { torn[position] = 0 }
      try torn.write(to: URL(filePath: journal.path.string))
      guard case .open(let change) = try journal.find() else { throw Unexpected() }
      #expect(change.mark == nil, "cut off at \(end)")
    }
    // The next one is whole.
    try claim.mark(.kept)
    guard case .open(let change) = try journal.find() else { throw Unexpected() }
    #expect(change.mark == .kept)
  }

  @Test func anothersJournalIsKnown() throws {
    try claim().begin(header(), inverse: inverse)
    let other = try ChangeJournal(folder: folder.path, node: "n2")
    #expect(try other.find() == .foreign(header()))
    let later = try ChangeJournal(folder: folder.path, node: "n1", boot: "1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    #expect(try later.find() == .earlierBoot(header(), nil))
    try claim().mark(.kept)
    #expect(try later.find() == .earlierBoot(header(), .kept))
  }

  /// Such a change may be half done: it is not taken for one that never began.
  @Test func anotherFormatIsNotTakenForATornOne() throws {
    try claim().begin(header(), inverse: inverse)
    var bytes = try Data(contentsOf: URL(filePath: journal.path.string))
    bytes[16] = UInt8(ascii: "2")
    try bytes.write(to: URL(filePath: journal.path.string))
    let error = #expect(throws: HistoryError.self) { try claim().find() }
    #expect(error?.description.contains("format 2") == true)
  }

  @Test func oneProcessAtATimeHasTheChange() throws {
    var first: ChangeClaim? = try claim()
    #expect(try journal.claim() == nil)
    #expect(try journal.claimAsHelper() == nil)
    first?.share()
    #expect(try journal.claim() == nil)
    var helper: ChangeClaim? = try journal.claimAsHelper()
    #expect(helper != nil)
    first = nil
    #expect(try journal.claim() == nil)
    #expect(helper?.journal.node == "n1")
    helper = nil
    #expect(try journal.claim() != nil)
  }

  @Test func aFullDiskLeavesNothing() async throws {
    for pages in 1...4 {
      let small = try SmallFileSystem(pages: pages)
      defer { small.remove() }
      let journal = try ChangeJournal(folder: small.path, node: "n1")
      let claim = try claim(journal)
      let error = #expect(throws: HistoryError.self) { try claim.begin(header(), inverse: inverse + inverse) }
      #expect(error?.description.contains("nothing was changed") == true, "\(pages) pages")
      #expect(try journal.find() == .none)
      #expect(try FileManager.default.contentsOfDirectory(atPath: small.path.string) == ["change.lock"])
    }
  }

  @Test func aMarkNeedsNoRoom() throws {
    let small = try SmallFileSystem(pages: 12)
    defer { small.remove() }
    let journal = try ChangeJournal(folder: small.path, node: "n1")
    let claim = try claim(journal)
    try claim.begin(header(), inverse: inverse)
    // As much as there is room for.
    #expect(throws: (any Error).self) {
      try Data(repeating: 1, count: 1 << 20).write(to: URL(filePath: small.path.appending("filler").string))
    }
    try claim.mark(.undone("no answer"))
    guard case .open(let change) = try journal.find() else { throw Unexpected() }
    #expect(change.mark == .undone("no answer"))
  }
}
