import Model
import Plan

/// The messages that make some changes, in the changes' order. Each is made when it is asked for: there may be a
/// hundred thousand of them.
struct RoutingSteps: Sequence, IteratorProtocol {
  private let changes: [Change]
  /// The own policy rules that are there by now, those of each place in the kernel's order.
  private var rules: [RoutingPlaces.Place: [PolicyRule]]
  /// The change, counted from 0, that comes next.
  private var index = 0
  /// What is left to do for the change before, the next step last.
  private var waiting: [RoutingStep] = []

  /// - Parameter rules: those that are there before the first change.
  init(for changes: [Change], rules: [PolicyRule]) {
    self.changes = changes
    self.rules = Dictionary(grouping: rules) { RoutingPlaces.Place($0) }
  }

  mutating func next() -> RoutingStep? {
    while waiting.isEmpty, index < changes.count {
      let change = index
      index += 1
      switch changes[change] {
      case .addRoute(let route): return RoutingStep(operation: .add, subject: .route(route), change: change)
      case .removeRoute(let route): return RoutingStep(operation: .delete, subject: .route(route), change: change)
      case .replaceRoute(let old, let new): waiting = replacement(of: old, by: new, change: change).reversed()
      case .addPolicyRule(let rule):
        rules[RoutingPlaces.Place(rule), default: []].append(rule)
        return RoutingStep(operation: .add, subject: .rule(rule), change: change)
      case .removePolicyRule: waiting = removals(from: change).reversed()
      default: break
      }
    }
    return waiting.popLast()
  }

  /// IPv4: the new route stands beside the old one before that goes, so that there is one at any time, and no other
  /// program's can be met: a replacing message takes the first route with the key, whoever made it
  /// (`fib_table_insert` in net/ipv4/fib_trie.c).
  private func replacement(of old: Route, by new: Route, change: Int) -> [RoutingStep] {
    if new.key.destination.address.family == .ipv6 {
      return [RoutingStep(operation: .replace, subject: .route(new), change: change)]
    }
    return [
      RoutingStep(operation: .append, subject: .route(new), change: change),
      RoutingStep(operation: .delete, subject: .route(old), change: change),
    ]
  }

  /// All policy rules that go one after another, so that none is made anew more than once for that.
  private mutating func removals(from first: Int) -> [RoutingStep] {
    var places: [RoutingPlaces.Place] = []
    var gone: [RoutingPlaces.Place: [(rule: PolicyRule, change: Int)]] = [:]
    index = first
    while index < changes.count, case .removePolicyRule(let rule) = changes[index] {
      let place = RoutingPlaces.Place(rule)
      if gone[place] == nil { places.append(place) }
      gone[place, default: []].append((rule, index))
      index += 1
    }
    var steps: [RoutingStep] = []
    for place in places { steps += removal(of: gone[place] ?? [], at: place, first) }
    return steps
  }

  private mutating func removal(
    of gone: [(rule: PolicyRule, change: Int)], at place: RoutingPlaces.Place, _ first: Int
  ) -> [RoutingStep] {
    let there = rules[place] ?? []
    var wanted = there
    for (rule, _) in gone {
      if let index = wanted.firstIndex(of: rule) { wanted.remove(at: index) }
    }
    rules[place] = wanted
    let causes = Dictionary(gone.map { ($0.rule, $0.change) }) { first, _ in first }
    return PolicyRulesMove(from: there, to: wanted).steps { causes[$0] ?? gone.first?.change ?? first }
  }
}
