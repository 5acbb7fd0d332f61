import FoundationEssentials
import SystemPackage

extension EtcdSettings.TLS {
  private struct File {
    /// nil if none was named.
    var path: String?
    var what: String
    var flag: String
    /// How the label of a PEM block in it ends (RFC 7468).
    var label: String
  }

  private var files: [File] {
    [
      File(path: authority, what: "the authority's certificate", flag: "--etcd-ca", label: "CERTIFICATE"),
      File(path: certificate, what: "the client's certificate", flag: "--etcd-cert", label: "CERTIFICATE"),
      File(path: key, what: "the client's key", flag: "--etcd-key", label: "PRIVATE KEY"),
    ]
  }

  /// What is wrong with one of the files, and which one that is, for the transport names none; nil if nothing can be
  /// seen from outside.
  func fault() -> String? {
    for file in files {
      guard let path = file.path, let problem = Self.problem(of: path, label: file.label) else { continue }
      return "\(file.what) \(path) \(problem); name the right file with \(file.flag)"
    }
    if let certificate, key == nil { return "the key of \(certificate) is missing; name it with --etcd-key" }
    if let key, certificate == nil { return "the certificate of \(key) is missing; name it with --etcd-cert" }
    return nil
  }

  private static func problem(of path: String, label: String) -> String? {
    do {
      // Opened first for the system's own word on why not, which Foundation would hide.
      try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec).close()
    } catch {
      return "cannot be read (\(error))"
    }
    guard let data = FileManager.default.contents(atPath: path) else { return "is no file that can be read" }
    let text = String(decoding: data, as: UTF8.self)
    return text.contains("\(label)-----") ? nil : "has no PEM block of a \(label.lowercased()) in it"
  }

  /// Why files that look right are refused by the transport, in whose words `reason` is.
  func refusal(_ reason: String) -> String {
    let pair = "\(certificate ?? "none") (--etcd-cert) and \(key ?? "none") (--etcd-key)"
    return reason.contains("PrivateKey")
      ? "the client's key does not belong to its certificate, or is encrypted: see \(pair)"
      : "a certificate cannot be decoded: see \(authority ?? "the system's authorities") (--etcd-ca), \(pair)"
  }
}
