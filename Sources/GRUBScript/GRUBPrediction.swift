/// What GRUB will do on the next boot when nobody touches the console.
public struct GRUBPrediction: Equatable, Sendable {
    /// In the order in which they are measured. Where `ending` is not a boot, they are those up to that point.
    public let events: [GRUBEvent]
    public let ending: GRUBEnding
    /// The titles of the chosen menu entry and of the submenus it lies in, outermost first.
    public let chosen: [String]
    /// Files that `save_env` changes on the way, whole: the boot after the next one reads these.
    public let written: [GRUBFile: [UInt8]]
    /// What is started runs as an EFI program, so that a kernel's EFI stub may measure, too. Debian 12's GRUB enters
    /// a kernel behind its stub.
    public let startsProgram: Bool

    public var isComplete: Bool { if case .boots = ending { true } else { false } }
}

/// How a prediction ends.
public enum GRUBEnding: Equatable, Sendable {
    /// GRUB starts this image: every measurement it makes is in the list. That shim or the firmware accepts the
    /// image's signature is the caller's to check.
    case boots(GRUBFile)
    /// What comes next depends on something that cannot be known before, or that this module does not know of GRUB.
    case unpredictable(String, GRUBPlace)
    /// No entry of the menu names the kernel that was asked for.
    case noEntry(kernel: String, GRUBPlace)
    /// GRUB would report a syntax error here and go on with the next line. No configuration is meant to rely on that.
    case malformed(String, GRUBPlace)
}

extension GRUBPrediction {
    /// Follows `machine` from the configuration that is built into the signed image to the start of a kernel.
    ///
    /// - Throws: what `disk` throws; everything about the scripts is in the result.
    public static func make<Disk: GRUBDisk>(
        machine: GRUBMachine, disk: Disk
    ) throws(Disk.Failure) -> GRUBPrediction {
        var interpreter = Interpreter(machine: machine, disk: disk)
        let ending: GRUBEnding
        do throws(Halt<Disk.Failure>) {
            ending = try interpreter.run()
        } catch {
            switch error {
            case .ending(let reached): ending = reached
            case .disk(let failure): throw failure
            }
        }
        return GRUBPrediction(
            events: interpreter.events, ending: ending, chosen: interpreter.chosenTitles, written: interpreter.written,
            startsProgram: interpreter.loader.map { $0.kind != .kernel } ?? false)
    }
}

/// Why the interpreter stops, possibly deep inside a script.
enum Halt<Failure: Error>: Error {
    case ending(GRUBEnding)
    case disk(Failure)
}
