import Model
import Testing

@Suite struct BytesTests {
  /// Both sides of the bound up to which no array is needed.
  @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 32, 64]) func keepsWhatItWasGiven(count: Int) {
    let given = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 1) }
    let bytes = Bytes(given)
    #expect(Array(bytes) == given)
    #expect(bytes.count == count)
    #expect(bytes == Bytes(given))
    if let last = given.last { #expect(bytes != Bytes(given.dropLast() + [last ^ 1])) }
  }

  @Test func lengthCountsAmongZeros() { #expect(Bytes(zeros: 2) != Bytes(zeros: 3)) }

  @Test func integersKeepTheirOrder() {
    #expect(Array(Bytes(bigEndian: 0x1234, width: 2)) == [0x12, 0x34])
    #expect(Bytes(bigEndian: 0x0102_0304, width: 4).bigEndianValue == 0x0102_0304)
    #expect(Bytes(hostEndian: 0x0102_0304, width: 4).hostEndianValue == 0x0102_0304)
    #expect(Bytes(bigEndian: 443, width: 2).description == "01bb")
  }

  @Test func orderIsThatOfTheFirstByte() {
    #expect(Bytes([1, 255]) < Bytes([2, 0]))
    #expect(Bytes([1]) < Bytes([1, 0]))
    #expect(!(Bytes([2]) < Bytes([2])))
  }
}
