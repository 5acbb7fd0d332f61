import Glibc

/// The node's time zone, which `meta hour` and `meta time` are written in.
package enum LocalTime {
  /// Seconds that local time is ahead of UTC (localtime(3)).
  /// - Parameter localTime: seconds since 1970 as the local clock shows them; nil for now.
  package static func secondsEastOfUTC(at localTime: Int64?) -> Int64 {
    guard let localTime else { return offset(at: Int64(time(nil))) }
    // The zone is asked at an instant; the first answer brings it near enough that the second is right, but for
    // the hour that a clock shows twice.
    return offset(at: localTime - offset(at: localTime))
  }

  private static func offset(at instant: Int64) -> Int64 {
    var seconds = time_t(instant)
    var parts = unsafe tm()
    guard unsafe localtime_r(&seconds, &parts) != nil else { return 0 }
    return unsafe Int64(parts.tm_gmtoff)
  }
}
