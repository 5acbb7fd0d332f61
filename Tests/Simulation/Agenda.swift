/// What will happen, by virtual time; what is due at one time happens in the order in which it was put down.
struct Agenda {
  private struct Entry {
    var time: Microseconds
    var order: Int
    var slot: Int
  }

  private struct Occurrence {
    var process: AgentProcess?
    var body: () -> Void
  }

  private var heap: [Entry] = []
  private var slots: [Occurrence?] = []
  private var free: [Int] = []
  private(set) var count = 0

  /// - Parameter process: who does it; nil for what happens to the cluster from outside.
  mutating func add(at time: Microseconds, for process: AgentProcess?, _ body: @escaping () -> Void) {
    count += 1
    let occurrence = Occurrence(process: process, body: body)
    let slot: Int
    if let last = free.popLast() {
      slot = last
      slots[slot] = occurrence
    } else {
      slot = slots.count
      slots.append(occurrence)
    }
    heap.append(Entry(time: time, order: count, slot: slot))
    rise(heap.count - 1)
  }

  mutating func next() -> (time: Microseconds, order: Int, process: AgentProcess?, body: () -> Void)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink(0)
    }
    guard let occurrence = slots[first.slot] else { return nil }
    slots[first.slot] = nil
    free.append(first.slot)
    return (first.time, first.order, occurrence.process, occurrence.body)
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    (heap[left].time, heap[left].order) < (heap[right].time, heap[right].order)
  }

  private mutating func rise(_ start: Int) {
    var index = start
    while index > 0, isBefore(index, (index - 1) / 2) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && isBefore(child, least) { least = child }
      if least == index { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
