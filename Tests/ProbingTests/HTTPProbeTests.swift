import Probing
import Spec
import Support
import Testing

@Suite struct HTTPProbeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var answer: String
    var statuses: ClosedRange<Int>?
    var result: ProbeResult
    var testDescription: String { "\(answer.prefix { $0 != "\r\n" }) \(statuses.map { "\($0)" } ?? "")" }

    init(_ status: String, _ statuses: ClosedRange<Int>? = nil, _ result: ProbeResult = .passed) {
      self.init(answer: "HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\nok", statuses, result)
    }

    init(answer: String, _ statuses: ClosedRange<Int>?, _ result: ProbeResult) {
      (self.answer, self.statuses, self.result) = (answer, statuses, result)
    }
  }

  static let cases = [
    Case("200 OK"),
    Case("204 No Content"),
    Case("302 Found\r\nLocation: http://192.0.2.1/"),
    Case("503 Service Unavailable", nil, .failed("HTTP status 503, wanted 200-399")),
    Case("404 Not Found", nil, .failed("HTTP status 404, wanted 200-399")),
    Case("404 Not Found", 404...404),
    Case("200 OK", 204...204, .failed("HTTP status 200, wanted 204")),
    Case("200 OK", 200...299),
    Case("100 Continue\r\n\r\nHTTP/1.1 500 Oh", nil, .failed("HTTP status 500, wanted 200-399")),
    Case(answer: "HTTP/1.0 200 OK\r\n\r\n", nil, .passed),
    Case(answer: "SSH-2.0-OpenSSH_9.2p1\r\n", nil, .failed("what answers does not speak HTTP")),
  ]

  @Test func statuses() async throws {
    try await ProbeNetwork.with { network in
      for (index, known) in Self.cases.enumerated() {
        let port = 8000 + index
        let connections = try await network.servers.listen(port, .words(known.answer))
        for host in ["10.9.0.1", "fd09::1"] {
          var http = HTTPProbe(isSecure: false, host: host, port: UInt16(port), path: "/healthz?full=1")
          if let statuses = known.statuses { http.statuses = statuses }
          #expect(await network.run(http) == known.result, "\(known.testDescription)")
        }
        #expect(connections.sources.count == 2)
      }
    }
  }

  @Test func silenceIsNoAnswer() async throws {
    try await ProbeNetwork.with { network in
      try await network.servers.listen(8080, .silence)
      try await network.servers.listen(8081, .hangUp)
      let start = ContinuousClock.now
      #expect(
        try await network.run("http://10.9.0.1:8080/", within: .milliseconds(300)) == .failed("no answer within 300 ms")
      )
      #expect(
        try await network.run("https://10.9.0.1:8080/", within: .milliseconds(300))
          == .failed("no answer within 300 ms"))
      #expect(ContinuousClock.now - start < .seconds(10))
      #expect(try await network.run("http://10.9.0.1:8081/") == .failed("the connection was closed without an answer"))
      #expect(try await network.run("http://10.9.0.1:8082/") == .failed("connection refused"))
    }
  }
}
