import Netlink
import Testing

@Suite struct AttributeTests {
  private func written(_ body: (inout MessageWriter) -> Void) -> [UInt8] {
    var writer = MessageWriter(firstSequence: 1, capacity: 0)
    body(&writer)
    return unsafe writer.withBytes { bytes in unsafe Array(bytes) }
  }

  private func reading(_ bytes: [UInt8], _ body: (ReceivedBytes) -> Void) {
    unsafe bytes.withUnsafeBytes { unsafe body(ReceivedBytes($0)) }
  }

  @Test func readsWhatTheWriterWrote() {
    let bytes = written { writer in
      writer.put(1, "name")
      writer.putNested(2) { writer in
        writer.putBigEndian(3, UInt32(0x0102_0304))
        writer.put(4, [9, 8, 7])
      }
      writer.put(5, words: 0x0807_0605_0403_0201, 0x0A09, length: 10)
    }
    reading(bytes) { bytes in
      let attributes = Attributes(bytes)
      #expect(attributes.count == 3)
      #expect(attributes.map(\.type) == [1, 2, 5])
      #expect(attributes.first(1)?.string == "name")
      #expect(attributes.first(1)?.payload.wideNumber == 0x6E_616D_6500)
      #expect(attributes.first(2)?.nested.first(3)?.bigEndian(as: UInt32.self) == 0x0102_0304)
      #expect(attributes.first(2)?.nested.first(4)?.payload.equals([9, 8, 7]) == true)
      #expect(attributes.first(5).map { Array($0.payload) } == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      #expect(attributes.first(6)?.type == nil)
    }
  }

  @Test(
    arguments: [
      [4], [3, 0, 1, 0], [8, 0, 1, 0], [0, 0, 0, 0], [5, 0, 1, 0, 7, 0, 0, 0, 1],
    ] as [[UInt8]])
  func stopsAtALengthThatDoesNotFit(_ bytes: [UInt8]) {
    reading(bytes) { bytes in
      var attributes = Attributes(bytes)
      while attributes.next() != nil {}
      #expect(attributes.isMalformed)
    }
  }

  @Test func tellsALengthThatSixteenBitsDoNotHold() {
    var writer = MessageWriter(firstSequence: 1)
    writer.beginMessage(type: 16, flags: 0)
    writer.putNested(1) { writer in
      for _ in 0..<20_000 { writer.put(2, UInt32(0)) }
    }
    writer.endMessage()
    let isTooLong = writer.isTooLong
    #expect(isTooLong)
  }

  @Test func refusesAnIntegerOfAnotherLength() {
    reading([1, 2, 3]) { bytes in
      let attribute = Attribute(type: 1, payload: bytes)
      #expect(attribute.value(as: UInt32.self) == nil)
      #expect(attribute.bigEndian(as: UInt16.self) == nil)
    }
  }
}
