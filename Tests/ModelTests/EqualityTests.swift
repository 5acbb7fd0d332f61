import Model
import Testing

@Suite struct EqualityTests {
  @Test func registersThatBeginTogetherHaveOneNumber() {
    #expect(
      (0..<16).map { Register(slot: $0).rawValue } == [1, 9, 10, 11, 2, 13, 14, 15, 3, 17, 18, 19, 4, 21, 22, 23])
    for slot in 0..<16 { #expect(Register(slot: slot).slot == slot) }
    #expect(Register.verdict.slot == nil)
  }

  @Test func whatARuleCountedIsNotWhatItDoes() {
    let fresh = Rule(expressions: [.counter(packets: 0, bytes: 0), .verdict(.accept)])
    let used = Rule(expressions: [.counter(packets: 7, bytes: 700), .verdict(.accept)], handle: 12)
    #expect(fresh == used)
    #expect(fresh.hashValue == used.hashValue)
    #expect(fresh != Rule(expressions: [.counter(packets: 0, bytes: 0), .verdict(.drop)]))
    #expect(fresh != Rule(expressions: fresh.expressions, comment: "x"))
  }

  @Test func whatTheKernelFillsInIsNoDifference() {
    #expect(Rule(expressions: [.log(Log(prefix: "x", level: 4))]) == Rule(expressions: [.log(Log(prefix: "x"))]))
    #expect(Rule(expressions: [.log(Log(prefix: "x", level: 3))]) != Rule(expressions: [.log(Log(prefix: "x"))]))
  }

  @Test func aBaseChainsDevicesHaveNoOrder() {
    func base(_ devices: [String]) -> BaseChain {
      BaseChain(type: "filter", hook: 0, priority: 0, devices: devices)
    }
    #expect(base(["a", "b"]) == base(["b", "a"]))
    #expect(base(["a", "b"]) != base(["a"]))
  }

  @Test func setsCompareByContent() {
    let first = SetElement(key: [1]), second = SetElement(key: [2])
    func set(_ elements: [SetElement]) -> SetDefinition {
      SetDefinition(name: "s", flags: [], keyType: 12, keyLength: 1, elements: elements)
    }
    #expect(set([first, second]) == set([second, first]))
    #expect(set([first]) != set([first, second]))
    #expect(set([first]) != set([second]))
    #expect(
      set([SetElement(key: [1], details: SetElementDetails(timeout: 5, expiration: 3))])
        == set([SetElement(key: [1], details: SetElementDetails(timeout: 5, expiration: 1))]))
    #expect(set([first]) != set([SetElement(key: [1], details: SetElementDetails(comment: "x"))]))
  }
}
