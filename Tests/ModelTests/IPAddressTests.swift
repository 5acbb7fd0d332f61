import Model
import Testing

@Suite struct IPAddressTests {
  /// Text as written, and as RFC 5952 or dotted decimal has it.
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
    ("2001:DB8::1", "2001:db8::1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("fe80:0000:0000:0000:0000:0000:0000:0001", "fe80::1"),
  ])
  func reads(_ written: String, _ canonical: String) throws {
    let address = try #require(IPAddress(written))
    #expect(address.description == canonical)
    #expect(IPAddress(networkBytes: address.networkBytes) == address)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", ":", ":::", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g", "::1.2.3", "1.2.3.4::", "::+1",
  ])
  func refuses(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test(arguments: [
    ("10.1.2.3", 8, "10.0.0.0"), ("10.1.2.3", 0, "0.0.0.0"), ("10.1.2.3", 32, "10.1.2.3"),
    ("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::"), ("2001:db8:1:2:ffff::", 65, "2001:db8:1:2:8000::"),
    ("ffff::1", 0, "::"), ("ffff::1", 128, "ffff::1"),
  ])
  func masks(_ text: String, _ length: Int, _ network: String) throws {
    #expect(try #require(IPAddress(text)).masked(to: length) == IPAddress(network))
  }

  @Test func prefixesRefuseBitsAfterTheLength() {
    #expect(IPPrefix("10.0.0.0/8")?.description == "10.0.0.0/8")
    #expect(IPPrefix("10.0.0.1/8") == nil)
    #expect(IPPrefix("10.0.0.0/33") == nil)
    #expect(IPPrefix("10.0.0.0/-1") == nil)
    #expect(IPPrefix("10.0.0.1")?.length == 32)
    #expect(IPPrefix("::/0")?.description == "default")
  }
}
