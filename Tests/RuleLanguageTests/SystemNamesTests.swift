import Synchronization
import Testing

@testable import RuleLanguage

@Suite struct SystemNamesTests {
  private static let files = [
    "/etc/services": "# comment\nssh\t\t22/tcp\nhttp 80/tcp www # web\ndomain 53/udp\nssh 2222/udp\n",
    "/etc/protocols": "tcp\t6\tTCP\nipv6-icmp 58 IPv6-ICMP\n",
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:\nbroken\n",
    "/etc/group": "root:x:0:\nadm:x:4:syslog\n",
    "/usr/share/iproute2/rt_marks": "0x10 voip\n17\tbulk\n",
  ]

  private let names = SystemNames(interfaces: ["lo": 1, "eth0": 7]) { Self.files[$0] }

  @Test func namesOfTheNode() {
    #expect(names.servicePort("ssh") == 22)
    #expect(names.servicePort("www") == 80)
    #expect(names.servicePort("gopher") == nil)
    #expect(names.protocolNumber("TCP") == 6)
    #expect(names.protocolNumber("ipv6-icmp") == 58)
    #expect(names.userID("www-data") == 33)
    #expect(names.userID("broken") == nil)
    #expect(names.groupID("adm") == 4)
    #expect(names.interfaceIndex("eth0") == 7)
    #expect(names.interfaceName(7) == "eth0")
    #expect(names.number(of: "voip", in: "/etc/iproute2/rt_marks") == 16)
    #expect(names.number(of: "bulk", in: "/etc/iproute2/rt_marks") == 17)
    #expect(names.number(of: "x", in: "/etc/absent") == nil)
  }

  @Test func eachFileIsReadOnce() {
    final class Count: Sendable { let reads = Mutex(0) }
    let count = Count()
    let names = SystemNames(interfaces: [:]) { path in
      count.reads.withLock { $0 += 1 }
      return Self.files[path]
    }
    for _ in 0..<3 { _ = names.servicePort("ssh") }
    #expect(count.reads.withLock(\.self) == 1)
  }
}
