import Foundation
import TestSupport

/// A program in the place of askpass: it gives one answer a call, in their order, and then none.
final class Askpass {
    private let scratch: Scratch
    var path: String { scratch.file("askpass") }

    /// - Parameter script: runs before each answer.
    init(_ answers: [String], running script: String = "") throws {
        scratch = try Scratch()
        for (index, answer) in answers.enumerated() { try scratch.write(Array(answer.utf8), to: "answer-\(index + 1)") }
        try replace(
            """
            printf '%s\\n' "$1" >> \(scratch.file("prompts"))
            \(script)
            exec cat \(scratch.file("answer"))-$(wc -l < \(scratch.file("prompts")))
            """)
    }

    /// Another program altogether.
    func replace(_ script: String) throws {
        try scratch.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "askpass")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// What it was asked with, so far.
    func prompts() throws -> [String] {
        guard scratch.exists("prompts") else { return [] }
        return String(decoding: try scratch.bytes("prompts"), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
