import Glibc
import Testing

/// A ruleset in nft's language, and the interfaces it names.
struct SampleRuleset: Sendable, CustomTestStringConvertible {
  var name: String
  var text = ""
  var path: String?
  var devices: [String] = []

  var testDescription: String { name }
}

enum SampleRulesets {
  /// Where more rulesets are.
  static let folder: String? = unsafe getenv("NETBATON_RULESETS").map { unsafe String(cString: $0) }

  static let files: [SampleRuleset] = folder.map(listing) ?? []

  private static func listing(_ folder: String) -> [SampleRuleset] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var found: [SampleRuleset] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      let path = "\(folder)/\(name)"
      if name.hasSuffix(".nft") {
        found.append(SampleRuleset(name: path, path: path, devices: ["eth0", "eth1", "dummy0", "dummy1", "wlan0"]))
      } else {
        found += listing(path)
      }
    }
    return found
  }
}

extension SampleRulesets {
  static let all: [SampleRuleset] = [
    SampleRuleset(
      name: "match",
      text: """
        table inet t {
          chain c {
            type filter hook input priority filter; policy drop;
            ct state established,related accept
            iifname "lo" accept
            ip saddr 10.0.0.0/8 tcp dport 22-23 counter accept
            tcp flags & (syn | ack) == syn tcp option maxseg size set 1400
            ip6 nexthdr icmpv6 icmpv6 type { nd-neighbor-solicit, nd-router-advert } accept
            meta mark & 0xff == 0x10 meta mark set meta mark | 0x100
            ip dscp cs1 ip dscp set ef
            tcp dport != { 80, 443 } reject with tcp reset
            reject with icmpx admin-prohibited
            fib saddr . iif oif missing drop
            meta skuid 1000-2000 log prefix "user " level debug flags all
            log group 3 snaplen 64 queue-threshold 5
            ct mark set jhash ip saddr . ip daddr mod 16 seed 0x5 offset 3
            meta mark set numgen inc mod 4 offset 100
            exthdr frag exists drop
            socket transparent 1 accept
          }
        }
        """),
    SampleRuleset(
      name: "sets",
      text: """
        table ip t {
          comment "with a comment"
          set plain { type ipv4_addr; elements = { 10.0.0.1 comment "one", 10.0.0.2 } }
          set spans { type ipv4_addr; flags interval; auto-merge; elements = { 0.0.0.0/8, 10.0.0.0/8, 11.0.0.0/8, 224.0.0.0/3 } }
          set timed { type ipv4_addr; flags timeout; timeout 1h; gc-interval 10s; elements = { 10.0.0.1 timeout 2h, 10.0.0.2 } }
          set counted { type ipv4_addr; size 1024; flags dynamic; counter; elements = { 10.0.0.9 counter packets 3 bytes 4 } }
          set pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/24 . 80-90, 10.0.1.1 . 443 } }
          set typed { typeof ip saddr . tcp dport; elements = { 10.0.0.1 . 22 } }
          map verdicts { type inet_service : verdict; elements = { 22 : accept, 23 : jump other, 24 : goto other } }
          map values { type ipv4_addr : mark; comment "marks"; elements = { 10.0.0.1 : 0x00000001 } }
          map spans2 { type ipv4_addr : inet_service; flags interval; elements = { 10.0.0.0/24 : 80, * : 81 } }
          counter hits { packets 5 bytes 6; comment "of doors" }
          map objects { type inet_service : counter; elements = { 80 : "hits" } }
          chain other {
            counter packets 1 bytes 2
          }
          chain c {
            type filter hook prerouting priority raw; policy accept;
            ip saddr @plain ip saddr @spans drop
            ip saddr . tcp dport @pairs accept
            tcp dport vmap @verdicts
            meta mark set ip saddr map @values
            counter name tcp dport map @objects
            add @counted { ip saddr counter }
            update @timed { ip saddr timeout 5m }
            tcp dport { 1, 3-5, 65000-65535 } accept
            tcp dport vmap { 22 : accept, 80 : drop }
            ip saddr . tcp dport vmap { 10.0.0.1 . 22 : accept }
          }
        }
        """),
    SampleRuleset(
      name: "objects",
      text: """
        table inet t {
          counter c1 { packets 1 bytes 2 }
          quota q1 { over 10 mbytes used 3 bytes }
          limit l1 { rate 10/second burst 20 packets }
          limit l2 { rate over 10 mbytes/minute }
          ct helper ftp { type "ftp" protocol tcp; }
          ct timeout slow { protocol tcp; l3proto ip; policy = { established : 120, close : 4 }; }
          ct expectation e1 { protocol tcp; dport 5060; timeout 2m; size 8; l3proto ip; }
          synproxy s1 { mss 1460; wscale 7; timestamp sack-perm; }
          chain c {
            type filter hook forward priority 10; policy accept;
            counter name c1 quota name "q1" limit name "l1"
            limit rate 5/minute burst 2 packets accept
            quota over 25 mbytes drop
            ct count over 20 drop
            ct helper set "ftp"
            ct timeout set "slow"
            synproxy name "s1"
          }
        }
        """),
    SampleRuleset(
      name: "nat",
      text: """
        table ip nat {
          chain pre {
            type nat hook prerouting priority dstnat; policy accept;
            tcp dport 80 dnat to 10.0.0.1:8080
            tcp dport 81 dnat to 10.0.0.1-10.0.0.9 random
            udp dport 53 redirect to :5353
            dnat to tcp dport map { 90 : 10.0.0.1, 91 : 10.0.0.2 }
            dnat to ip saddr map { 10.1.0.0/24 : 10.2.0.1-10.2.0.9 }
          }
          chain post {
            type nat hook postrouting priority srcnat; policy accept;
            oifname "eth*" masquerade random,persistent
            tcp dport 1 snat to 192.0.2.1:1024-2048
            snat ip prefix to ip saddr map { 10.0.0.0/24 : 192.168.0.0/24 }
          }
          chain raw {
            type filter hook prerouting priority raw; policy accept;
            notrack
            tcp dport 1 tproxy to :50080
            dup to 10.0.0.1 device "lo"
          }
        }
        table ip6 nat {
          chain post { type nat hook postrouting priority srcnat; policy accept; meta l4proto tcp masquerade to :1024-65535; }
        }
        """),
    SampleRuleset(
      name: "anonymous chains",
      text: """
        table inet t {
          chain c {
            type filter hook input priority 0; policy accept;
            ip saddr { 10.0.0.1, 10.0.0.2 } jump {
              tcp dport { 80, 443 } accept
              counter packets 0 bytes 0
            }
            ip daddr 10.0.0.1 goto { drop
            }
          }
        }
        """),
    SampleRuleset(
      name: "families",
      text: """
        table arp t {
          chain c {
            type filter hook input priority 0; policy accept;
            arp operation request counter
          }
        }
        table bridge t {
          chain c {
            type filter hook forward priority 0; policy accept;
            ether type ip ip saddr 10.0.0.1 drop
            vlan id 5 accept
          }
        }
        table netdev t {
          chain c {
            type filter hook ingress devices = { d0, d1 } priority 5; policy accept;
            ip saddr 10.0.0.1 fwd to "d1"
          }
          chain e {
            type filter hook ingress device "d0" priority 6; policy accept;
          }
        }
        table ip6 t {
          flags dormant
          chain c {
            ip6 saddr 2001:db8::/32 accept
          }
        }
        """, devices: ["d0", "d1"]),
  ]
}
