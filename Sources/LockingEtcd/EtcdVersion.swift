/// Which etcd servers a lock can rest on.
enum EtcdVersion {
  /// The first of each series with the fixes that a lock and its rights need (etcd's change logs): watch events of keys
  /// without permission (GHSA-xg4h-6gfc-h4m8), nested transactions (CVE-2026-33343), leases attached in transactions
  /// (CVE-2026-44283), authentication (CVE-2026-33413).
  private static let safe: [(series: [Int], patch: Int)] = [([3, 5], 33), ([3, 6], 14), ([3, 7], 1)]

  /// What to tell the one who runs the server, or nil.
  static func advice(on version: String) -> String? {
    let numbers = version.prefix { $0 != "-" }.split(separator: ".").map { Int($0) }
    guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
      return "etcd says that its version is \(version.debugDescription), which cannot be told safe or not"
    }
    let newest = "3.5.33, 3.6.14 or 3.7.1"
    if [major, minor].lexicographicallyPrecedes([3, 5]) {
      return "etcd \(version) is at its end of life: update it to \(newest) or later"
    }
    guard let series = safe.first(where: { $0.series == [major, minor] }), patch < series.patch else { return nil }
    return "etcd \(version) has known holes in its rights and leases: update it to \(newest) or later"
  }
}
