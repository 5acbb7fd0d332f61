package import Locking
import Logging

/// Who does what `ChangeMachine` asks for.
package protocol ChangeSteps: Sendable {
  /// - Returns: the event that answers the action.
  func carryOut(_ action: ChangeMachine.Action) async -> ChangeMachine.Event
}

/// Carries one change through: lets `ChangeMachine` decide, has `ChangeWork` act, and watches the baton meanwhile.
package actor ChangeDriver {
  private let work: any ChangeSteps
  private var machine = ChangeMachine()

  package init(_ work: any ChangeSteps) { self.work = work }

  /// Changes what was planned.
  /// - Parameter baton: what is done is watched for its end.
  package func change(_ outline: ChangeMachine.Outline, with baton: Baton) async -> ChangeMachine.Outcome {
    await drive(from: .started(outline), watching: baton)
  }

  /// Settles what an earlier process left open. Needs no baton: it takes back, and says what is.
  package func settle(_ found: ChangeMachine.Found) async -> ChangeMachine.Outcome {
    await drive(from: .found(found), watching: nil)
  }

  private func drive(from first: ChangeMachine.Event, watching baton: Baton?) async -> ChangeMachine.Outcome {
    let (events, source) = AsyncStream.makeStream(of: ChangeMachine.Event.self)
    let watch = Task {
      if let reason = await baton?.ended() { source.yield(.untrusted("\(reason)")) }
    }
    defer { watch.cancel() }
    source.yield(first)
    for await event in events {
      for action in machine.handle(event) {
        if case .finish(let outcome) = action { return outcome }
        // Beside this loop, so that the baton's end is heard while a probe waits.
        Task { source.yield(await self.work.carryOut(action)) }
      }
    }
    return .stuck("the change was given up")
  }
}
