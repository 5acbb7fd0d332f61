import Model
import Spec
import Testing

@Suite struct SettingsProbeTests {
  @Test func probesAreWrittenAsInSpecs() throws {
    let fixture = try SpecFixture([
      "agent.yaml": "slots: 2\nprobes:\n- tcp: 192.0.2.1:6443\n- gateway: eth0\n  timeout: 1s\ntrial: off\n",
      "none.yaml": "slots: 2\n", "bad.yaml": "probes:\n- tcp: 192.0.2.1\n",
    ])
    let file = try SettingsFile(reading: fixture.path + "/agent.yaml", mustExist: true)
    #expect(file.probes?.map(\.description) == ["tcp:192.0.2.1:6443", "gateway:eth0"])
    #expect(file.probes?.map(\.origin.line) == [3, 4])
    #expect(file.probes?.map(\.timeout) == [.seconds(2), .seconds(1)])
    #expect(file.entries[.trial]?.text == "off" && file.entries[.slots]?.text == "2")
    #expect(try SettingsFile(reading: fixture.path + "/none.yaml", mustExist: true).probes == nil)
    #expect {
      try SettingsFile(reading: fixture.path + "/bad.yaml", mustExist: true)
    } throws: { error in
      "\(error)".contains("bad.yaml:2:8: error: tcp must be HOST:PORT")
    }
  }

  @Test(arguments: [
    ("tcp:192.0.2.1:6443", "tcp:192.0.2.1:6443"), ("gateway:eth0", "gateway:eth0"), ("http://h", "http://h/"),
    ("https://h:8443/x", "https://h:8443/x"), ("tcp:h", nil), ("h:1", nil), ("gateway:", nil),
    ("gateway:a/b", nil), ("http:///x", nil), ("http://h h/", nil), ("tcp:[1.2.3.4]:1", nil), ("tcp:h:65536", nil),
  ]) func shortForms(_ text: String, _ expected: String?) {
    #expect(Probe(shortForm: text, origin: SourceLocation(file: "--probe"))?.description == expected)
  }
}
