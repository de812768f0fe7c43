internal import BoundedBytes
internal import Enrollment
internal import InitramfsRuntime
internal import OfflineSealing

/// What an image is sealed to while it is encrypted.
struct ImageSealing {
    let target: DuplicationTarget
    let owner: OwnerKey?
    let boots: [ExpectedBoot]

    /// On standard error: standard output belongs to the recovery key.
    func report(_ result: Enrollment.Result) {
        Console.report("sealed to storage key " + Hexadecimal.encode(result.parentName))
        if let name = result.authorityName { Console.report("authority-name = " + Hexadecimal.encode(name)) }
        for boot in boots { Console.report("approved: " + Printable.escape(boot.label)) }
    }
}
