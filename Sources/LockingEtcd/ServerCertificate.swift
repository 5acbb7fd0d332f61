import EtcdAPI
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import NIOCore
import NIOSSL
import SwiftProtobuf
import Synchronization

/// Why a certificate is not valid now, by its dates; TLS libraries say of one only that it failed.
enum CertificateDates {
  /// - Returns: nil if its dates are right.
  static func fault(from first: time_t, until last: time_t) -> String? {
    let now = Date()
    let (start, end) = (Date(timeIntervalSince1970: Double(first)), Date(timeIntervalSince1970: Double(last)))
    if now > end { return "expired on \(day(end))" }
    if now < start { return "is not valid before \(day(start)), and here it is \(day(now))" }
    return nil
  }

  private static func day(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }

  /// Of the first certificate in a PEM file.
  static func fault(ofFile path: String) -> String? {
    guard let certificate = try? NIOSSLCertificate.fromPEMFile(path).first else { return nil }
    return fault(from: certificate.notValidBefore, until: certificate.notValidAfter)
  }
}

extension EtcdChannel {
  /// Connects once more to an endpoint whose certificate was refused, to look at its dates; the connection ends before
  /// anything is sent.
  static func certificateFault(at endpoint: EtcdSettings.Endpoint) async -> String? {
    let seen = Fault()
    let security = EtcdTransport.TransportSecurity.tls { config in
      config.customVerificationCallback = { certificates, promise in
        // The server's own comes first, those that vouch for it after it.
        seen.note(
          certificates.lazy.compactMap { CertificateDates.fault(from: $0.notValidBefore, until: $0.notValidAfter) }
            .first)
        promise.succeed(.failed)
      }
    }
    guard let transport = try? EtcdTransport(target: target(endpoint), transportSecurity: security) else { return nil }
    var options = CallOptions.defaults
    options.timeout = .seconds(2)
    _ = try? await withGRPCClient(transport: transport) { client in
      try await Etcdserverpb_KV.Client(wrapping: client).range(.with { $0.key = Data([0]) }, options: options)
    }
    return seen.text
  }
}

/// Noted on the transport's own thread.
private final class Fault: Sendable {
  private let value = Mutex<String?>(nil)
  func note(_ text: String?) { value.withLock { $0 = text } }
  var text: String? { value.withLock { $0 } }
}
