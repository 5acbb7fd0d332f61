internal import CMnl
import Glibc
import Synchronization

/// A thread for an actor whose calls block: netlink sockets stay off the shared pool.
///
/// The actor keeps this object and returns `executor` as its own; when the object goes, the thread ends.
package final class BlockingThread: Sendable {
  private let queue: JobQueue

  /// - Parameter namespace: a file such as /run/netns/NAME that names the network namespace which the thread
  ///   enters first. Sockets opened on it belong there. For tests and the demo: the agent never changes namespaces.
  package init(namespace: String? = nil) throws(NetlinkError) {
    let queue = try JobQueue(namespace: namespace)
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(queue).toOpaque())
    guard failure == 0 else {
      unsafe Unmanaged.passUnretained(queue).release()
      throw NetlinkError("start a thread", .socket(errno: failure))
    }
    pthread_detach(thread)
    self.queue = queue
    if let failure = queue.waitUntilStarted() {
      queue.stop()
      throw NetlinkError("enter the network namespace \(namespace ?? "")", .socket(errno: failure))
    }
  }

  deinit { queue.stop() }

  package var executor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }
}

/// What the thread has to do. The thread owns it until it ends.
private final class JobQueue: SerialExecutor {
  private struct State {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let namespace: String?
  private let state = Mutex(State())
  private let startFailure = Mutex<Int32>(0)
  private let work: Semaphore
  private let started: Semaphore

  init(namespace: String?) throws(NetlinkError) {
    self.namespace = namespace
    work = try Semaphore()
    started = try Semaphore()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
    work.signal()
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  func stop() {
    state.withLock { $0.isStopped = true }
    work.signal()
  }

  /// - Returns: an errno if the namespace could not be entered.
  func waitUntilStarted() -> Int32? {
    started.wait()
    let failure = startFailure.withLock { $0 }
    return failure == 0 ? nil : failure
  }

  func run() {
    let failure = enterNamespace()
    startFailure.withLock { $0 = failure }
    started.signal()
    while true {
      work.wait()
      let (jobs, isStopped) = state.withLock { state in
        defer { state.jobs.removeAll() }
        return (state.jobs, state.isStopped)
      }
      for job in jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
      if isStopped, jobs.isEmpty { return }
      if isStopped { work.signal() }
    }
  }

  private func enterNamespace() -> Int32 {
    guard let namespace else { return 0 }
    let descriptor = unsafe open(namespace, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    return netbaton_enter_network_namespace(descriptor) == 0 ? 0 : errno
  }
}

/// A count that a thread waits for (eventfd(2)); a descriptor, unlike `sem_t`, may be shared without a pointer.
private final class Semaphore: Sendable {
  private let descriptor: Int32

  init() throws(NetlinkError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_SEMAPHORE))
    guard descriptor >= 0 else { throw NetlinkError("make an event counter", .socket(errno: errno)) }
  }

  deinit { close(descriptor) }

  func signal() { _ = eventfd_write(descriptor, 1) }

  func wait() {
    var count: eventfd_t = 0
    while unsafe eventfd_read(descriptor, &count) != 0, errno == EINTR {}
  }
}
