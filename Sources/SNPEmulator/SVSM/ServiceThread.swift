internal import CLinux

/// A thread that runs one function, and is waited for.
package struct ServiceThread: ~Copyable {
    private let thread: pthread_t

    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread, or returns nil where the system has none left.
    package static func start(_ body: @escaping @Sendable () -> Void) -> ServiceThread? {
        let work = unsafe Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            unsafe work.release()
            return nil
        }
        return ServiceThread(thread: thread)
    }

    /// Waits until it has ended.
    deinit { pthread_join(thread, nil) }
}
