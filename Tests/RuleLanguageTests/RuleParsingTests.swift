import Testing

@testable import RuleLanguage

/// How each statement is put together. The right column is the tree in one line (`SyntaxDescription.swift`).
@Suite struct RuleParsingTests {
  private func tree(_ rule: String) -> String {
    let (commands, context) = parse("add rule inet t c \(rule)")
    guard context.errors.isEmpty else { return "errors: \(parseErrors("add rule inet t c \(rule)"))" }
    guard commands.count == 1, case .rule(_, _, _, let rule?) = commands[0].subject else { return "no rule" }
    return rule.tree
  }

  @Test(arguments: [
    ("ip saddr 10.0.0.0/8 accept", "<ip saddr> ~ [10.0.0.0 / 8] accept"),
    ("tcp dport 22-25", "<tcp dport> ~ [#22 - #25]"),
    ("tcp dport http-alt drop", "<tcp dport> ~ http-alt drop"),
    ("iifname \"eth*\"", "<meta iifname> ~ \"eth*\""),
    ("iifname != eth*", "<meta iifname> != \"eth*\""),
    ("meta mark & 0xff == 0x10", "[<meta mark> & #255] == #16"),
    ("ct mark and 0x3 or 0x10 ne 1", "[[<ct mark> & #3] | #16] != #1"),
    ("ct state established,related accept", "<ct state> ~ [established, related] accept"),
    ("ct state ! invalid", "<ct state> ! invalid"),
    ("tcp flags syn / syn,ack", "<tcp flags> ~ syn mask [syn, ack]"),
    ("tcp flags & (fin | syn) == syn", "[<tcp flags> & ([fin | syn])] == syn"),
    (
      "ip saddr . tcp dport { 1.2.3.4 . 80, 10.0.0.0/8 . 1-1024 }",
      "[<ip saddr> . <tcp dport>] ~ {[1.2.3.4 . #80], [[10.0.0.0 / 8] . [#1 - #1024]]}"
    ),
    ("ip6 saddr ::1", "<ip6 saddr> ~ ::1"),
    ("ip6 saddr fe80::/10", "<ip6 saddr> ~ [fe80:: / 10]"),
    (
      "ip6 daddr vmap {1:2:3:4:5:6:aaaa:::accept, ::b : drop}",
      "<ip6 daddr> vmap {1:2:3:4:5:6:aaaa:: : accept, ::b : drop}"
    ),
    ("ether saddr 00:01:02:0a:0b:0c", "<ether saddr> ~ 00:01:02:0a:0b:0c"),
    ("ether type 8021q", "<ether type> ~ 8021q"),
    ("meta priority set 1:bbf8", "<meta priority> := 1:bbf8"),
    ("ip saddr @blocked drop", "<ip saddr> ~ @blocked drop"),
    ("@th,16,16 { 22, 80 }", "<raw th 16 16> ~ {#22, #80}"),
    ("@ll,0,128 0xfedcba987654321001234567890abcde", "<raw ll 0 128> ~ 0xfedcba987654321001234567890abcde"),
    ("arp saddr ip 192.0.2.1", "<arp saddr ip> ~ 192.0.2.1"),
    ("srh sid[1] dead::beef", "<srh sid[1]> ~ dead::beef"),
    ("rt type 0", "<rt type> ~ #0"),
    ("rt ip nexthop 192.0.2.1", "<rt ip nexthop> ~ 192.0.2.1"),
    ("ct original ip saddr 192.0.2.1", "<ct original ip saddr> ~ 192.0.2.1"),
    ("ct saddr original 192.0.2.1", "<ct original saddr> ~ 192.0.2.1"),
    ("ct direction reply", "<ct direction> ~ reply"),
    ("fib saddr . iif oif missing drop", "<fib saddr.iif oif> ~ missing drop"),
    ("tcp option maxseg size set rt mtu", "<tcp option maxseg size> := <rt mtu>"),
    ("tcp option 255 missing", "<tcp option 255> ~ missing"),
    ("tcp option @255,8,8 255", "<tcp option raw 255 8 8> ~ #255"),
    ("vxlan ip saddr 192.0.2.1", "<vxlan <ip saddr>> ~ 192.0.2.1"),
    ("vxlan vni 10", "<vxlan vni> ~ #10"),
    ("ipsec in spnum 1 ip6 daddr ::1", "<ipsec in 1 ip6 daddr> ~ ::1"),
    ("socket cgroupv2 level 2 \"a/b\"", "<socket cgroupv2 2> ~ \"a/b\""),
    ("osf ttl skip name \"Linux\"", "<osf skip name> ~ \"Linux\""),
  ]) func matches(rule: String, expected: String) { #expect(tree(rule) == expected) }

  @Test(arguments: [
    (
      "tcp dport vmap { 22 : jump a, 23-25 : goto b, * : drop }",
      "<tcp dport> vmap {#22 : jump a, [#23 - #25] : goto b, * : drop}"
    ),
    ("ip saddr vmap @m", "<ip saddr> vmap @m"),
    ("meta mark set ip saddr map { 192.0.2.1 : 1 }", "<meta mark> := [<ip saddr> map {192.0.2.1 : #1}]"),
    ("mark set mark", "<meta mark> := <meta mark>"),
    ("ip protocol set tcp accept", "<ip protocol> := tcp accept"),
    ("ip dscp set ip dscp & lephb", "<ip dscp> := [<ip dscp> & lephb]"),
    ("ct event set new,related", "<ct event> := [new, related]"),
    ("ct helper set \"ftp\"", "<ct helper> := \"ftp\""),
    ("jump { tcp dport 22 accept; drop }", "jump {<tcp dport> ~ #22 accept; drop}"),
    ("goto other", "goto other"),
    ("counter packets 3 bytes 4 accept", "counter(3,4) accept"),
    ("counter name \"web\"", "counter name \"web\""),
    ("counter name tcp dport map { 80 : \"web\" }", "counter name [<tcp dport> map {#80 : \"web\"}]"),
    ("limit rate over 10/minute burst 7 packets", "limit(over 10 packets/60 burst 7)"),
    ("limit rate 1025 kbytes/second burst 1023 kbytes", "limit(1049600 bytes/1 burst 1047552)"),
    ("limit rate over 1025bytes / second burst 512bytes", "limit(over 1025 bytes/1 burst 512)"),
    ("quota until 25 mbytes used 1 kbytes", "quota(26214400 used 1024)"),
    ("ct count over 20 reject", "connections(over 20) reject()"),
    ("last used 5m", "last(300000)"),
    ("log prefix \"a b: \" level warn", "log(prefix=a b:  level=warn)"),
    ("log group 2 snaplen 33 queue-threshold 4", "log(group=2 snaplen=33 threshold=4)"),
    ("log flags tcp sequence,options flags skuid drop", "log(flags=tcp sequence,tcp options,skuid) drop"),
    ("reject with tcp reset", "reject(tcp)"),
    ("reject with icmpx type host-unreachable", "reject(icmpx host-unreachable)"),
    ("snat to 192.0.2.1:1-20 random,persistent", "snat(192.0.2.1 :[#1 - #20] random,persistent)"),
    ("dnat ip6 to [2001:db8::1]:80", "dnat(ip6 2001:db8::1 :#80)"),
    ("dnat ip addr . port to ip saddr map @m", "dnat(ip addressAndPort [<ip saddr> map @m])"),
    (
      "snat ip prefix to ip saddr map { 10.0.0.0/8 : 192.0.2.0/24 }",
      "snat(ip prefix [<ip saddr> map {[10.0.0.0 / 8] : [192.0.2.0 / 24]}])"
    ),
    ("dnat to :8080", "dnat(:#8080)"),
    ("masquerade to :1024-2048 fully-random", "masquerade(:[#1024 - #2048] fully-random)"),
    ("redirect to :tcp dport map { 22 : 8000 }", "redirect(:[<tcp dport> map {#22 : #8000}])"),
    ("queue num 4-5 fanout,bypass", "queue([#4 - #5] fanout bypass)"),
    ("queue flags bypass to symhash mod 4", "queue(<symhash 4 0> bypass)"),
    ("dup to 192.0.2.1 device \"lo\"", "dup(192.0.2.1 \"lo\")"),
    ("fwd ip to 192.0.2.1 device eth0", "fwd(ip 192.0.2.1 eth0)"),
    ("tproxy ip to 192.0.2.1:50", "tproxy(ip 192.0.2.1 #50)"),
    ("tproxy to :50", "tproxy(- - #50)"),
    ("synproxy mss 1460 wscale 7 timestamp sack-perm", "synproxy(1460 7 true true)"),
    ("flow add @ft", "flow @ft"),
    (
      "add @s { ip saddr . 22 timeout 30s limit rate 1/second }",
      "add @s {[<ip saddr> . #22] timeout=30000 limit(1 packets/1)}"
    ),
    ("update @m { ip saddr : meta mark }", "update @m {<ip saddr> : <meta mark>}"),
    ("meter m size 10 { ip saddr limit rate 5/second }", "meter m 10 {<ip saddr> limit(5 packets/1)}"),
    ("reset tcp option mptcp", "reset <tcp option mptcp>"),
    (
      "ct mark set jhash ip saddr . ip daddr mod 2 seed 0x10 offset 3",
      "<ct mark> := <jhash [<ip saddr> . <ip daddr>] 2 16 3>"
    ),
    (
      "dnat to numgen inc mod 2 map { 0 : 192.0.2.1, 1 : 192.0.2.2 }",
      "dnat([<numgen inc 2 0> map {#0 : 192.0.2.1, #1 : 192.0.2.2}])"
    ),
    ("notrack comment \"why\"", "notrack comment=why"),
  ]) func statements(rule: String, expected: String) { #expect(tree(rule) == expected) }
}
