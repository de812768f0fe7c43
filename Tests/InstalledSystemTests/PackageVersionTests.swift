import TestSupport
import Testing

@testable import InstalledSystem

struct PackageVersionTests {
    private static let versions = [
        "6.1.0-9-amd64", "6.1.0-10-amd64", "6.1.0-56-amd64", "6.1.0-56-cloud-amd64", "6.12.9+deb13-amd64", "5.10.0",
        "5.10", "6.1~rc1", "6.1", "6.1~", "1:1", "2", "2-1", "2-1~bpo12", "2.0a", "2.0+", "007", "7", "0", "a",
        "1.0-1-1", "1.0-1", "6.8.0-1008-azure-fde", "99999999999999999999999999", "99999999999999999999999998",
    ]

    @Test func comparesAsDpkgDoes() throws {
        let scratch = try Scratch()
        var script = ""
        for one in Self.versions {
            for other in Self.versions {
                script += "dpkg --compare-versions '\(one)' lt '\(other)' 2>/dev/null && echo lt || echo ge\n"
            }
        }
        let lines = try scratch.shell(script).split(separator: "\n")
        try #require(lines.count == Self.versions.count * Self.versions.count)
        for (i, one) in Self.versions.enumerated() {
            for (j, other) in Self.versions.enumerated() {
                let isLess = PackageVersion(one) < PackageVersion(other)
                #expect((isLess ? "lt" : "ge") == lines[i * Self.versions.count + j], "\(one) < \(other)")
            }
        }
    }
}
