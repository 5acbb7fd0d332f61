import Locking
import Testing

@testable import LockingEtcd

@Suite("A lock's URL")
struct EtcdSettingsTests {
  @Test("names endpoints, prefix and files")
  func reads() throws {
    let plain = try EtcdSettings(url: "etcd://a,b:1,[2001:db8::1]:2/net/baton/?ttl=30")
    #expect(plain.endpoints.map(\.description) == ["a:2379", "b:1", "[2001:db8::1]:2"])
    #expect(plain.prefix == "net/baton")
    #expect(plain.tls == nil)
    #expect(plain.timeToLive == .seconds(30))
    let secure = try EtcdSettings(url: "etcds://a/x?ca=/ca.pem&cert=/c.pem&key=/c.key")
    #expect(secure.tls == .init(authority: "/ca.pem", certificate: "/c.pem", key: "/c.key"))
    #expect(secure.location == "etcds://a:2379/x")
  }

  @Test(
    "is refused with what is wrong",
    arguments: [
      ("http://a/x", "etcd://"), ("etcd://a", "prefix"), ("etcd://a/", "prefix"), ("etcd://:1/x", "HOST:PORT"),
      ("etcd://a:0/x", "port"), ("etcd://a:65536/x", "port"), ("etcd://a/x?ttl=1", "ttl"), ("etcd://a/x?ca=f", "etcds"),
      ("etcds://a/x?cert=f", "go together"), ("etcd://a/x?colour=red", "colour"),
    ])
  func refuses(_ url: String, _ word: String) throws {
    let error = #expect(throws: LockError.self) { try EtcdSettings(url: url) }
    #expect("\(try #require(error))".contains(word))
  }

  @Test(
    "warns of servers that are not safe",
    arguments: [
      ("3.4.23", "end of life"), ("3.5.1", "known holes"), ("3.5.32", "known holes"), ("3.6.13", "known holes"),
      ("3.7.0", "known holes"), ("nothing", "cannot be told"), ("", "cannot be told"), ("-", "cannot be told"),
    ])
  func warns(_ version: String, _ word: String) {
    #expect(EtcdVersion.advice(on: version)?.contains(word) == true)
  }

  @Test("and not of others", arguments: ["3.5.33", "3.6.14", "3.7.1", "3.8.0", "4.0.0"])
  func accepts(_ version: String) { #expect(EtcdVersion.advice(on: version) == nil) }
}
