import Foundation
import InitramfsRuntime
import TestSupport

/// Which exit codes the sources of a program name.
enum ProgramSources {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
        .standardized
    private static let names: [String: ExitCode] = [
        "done": .done, "usage": .usage, "malformed": .malformed, "missing": .missing, "unavailable": .unavailable,
        "internalFault": .internalFault, "inputOutput": .inputOutput, "busy": .busy,
        "attestationRefused": .attestationRefused, "bootRefused": .bootRefused, "configuration": .configuration,
        "volumeRefused": .volumeRefused,
    ]

    /// Success, and what is named in the program's module and in those that it imports, wherever a file speaks of exit
    /// codes or makes failures of them: other enumerations have cases of these names, too.
    static func exitCodes(of program: String) throws -> Set<Int32> {
        var codes: Set<Int32> = [ExitCode.done.rawValue]
        var open = [program]
        var seen: Set<String> = []
        while let module = open.popLast() {
            guard seen.insert(module).inserted else { continue }
            for source in try files(of: module) {
                open += source.matches(of: /(?m)^(?:public |internal )?import (\w+)$/).map { String($0.1) }
                guard source.contains("ExitCode") || source.contains("CommandFailure(") else { continue }
                // Behind a name, a bracket or a key path's backslash it is a property.
                let words = source.matches(of: /(?:ExitCode|[^\w\\)\]])\.([A-Za-z]+)/)
                codes.formUnion(words.compactMap { names[String($0.1)]?.rawValue })
            }
        }
        return codes
    }

    private static func files(of module: String) throws -> [String] {
        let root = folder.appending(path: module)
        let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return try paths.filter { $0.hasSuffix(".swift") && !$0.hasSuffix("/ExitCode.swift") && $0 != "ExitCode.swift" }
            .map { try String(contentsOf: root.appending(path: $0), encoding: .utf8) }
    }
}
