import Foundation
import TestSupport

/// virtee/sev-snp-measure 0.0.13 from PyPI, in a virtual environment in a temporary folder.
enum PeerTool {
    /// The wheel, so that nobody can put another in its place.
    private static let requirement =
        "sev-snp-measure==0.0.13 --hash=sha256:feda1aebe69dcbf38e9c636ed1d082bb7dc741fc6969f197d39faddb72b2762d"

    /// For `.enabled(if:)`: without the tool its tests are skipped, and reported as such.
    static var isPresent: Bool { environment != nil }

    static let environment: Scratch? = {
        do {
            let scratch = try Scratch()
            try scratch.write(Array(requirement.utf8), to: "requirements.txt")
            // It needs no other package for measuring.
            let install = "./venv/bin/pip install -q --no-deps --disable-pip-version-check -r requirements.txt"
            try scratch.shell("python3 -m venv venv; \(install) \(cacheOptions)")
            return scratch
        } catch {
            let line =
                "SKIPPED: sev-snp-measure cannot be installed from PyPI; its measurements are not compared: \(error)\n"
            FileHandle.standardError.write(Data(line.utf8))
            return nil
        }
    }()

    /// With a wheel in `$XDG_CACHE_HOME/sealroot` or `~/.cache/sealroot` the network is not asked. One gets there by
    /// `pip download --no-deps -d ~/.cache/sealroot sev-snp-measure==0.0.13`.
    private static var cacheOptions: String {
        let variables = ProcessInfo.processInfo.environment
        let cache = variables["XDG_CACHE_HOME"] ?? (variables["HOME"] ?? "") + "/.cache"
        let wheel = cache + "/sealroot/sev_snp_measure-0.0.13-py3-none-any.whl"
        return FileManager.default.fileExists(atPath: wheel) ? "--no-index --find-links '\(cache)/sealroot'" : ""
    }

    /// What it says about each of `launches`: the measurement, or `error` and why.
    static func measure(_ launches: [[String: Any]]) throws -> [String] {
        guard let environment else { throw CommandFailure(description: "sev-snp-measure is not installed") }
        // Tests run side by side: each has files of its own.
        let scratch = try Scratch()
        try scratch.write(Array(JSONSerialization.data(withJSONObject: launches)), to: "launches.json")
        try scratch.write(Array(program.utf8), to: "measure.py")
        let text = try scratch.shell("\(environment.file("venv"))/bin/python measure.py <launches.json")
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Its refusals are RuntimeErrors; whatever else it raises fails the test.
    private static let program = """
        import json, sys
        from sevsnpmeasure import guest, vcpu_types, vmm_types, sev_mode
        for launch in json.load(sys.stdin):
            try:
                print(guest.calc_launch_digest(
                    sev_mode.SevMode.from_str(launch["mode"]), launch["vcpus"], vcpu_types.CPU_SIGS[launch["type"]],
                    launch["ovmf"], launch["kernel"], launch["initrd"], launch["append"], launch["features"],
                    vmm_type={"qemu": vmm_types.VMMType.QEMU, "ec2": vmm_types.VMMType.ec2,
                              "gce": vmm_types.VMMType.gce}[launch["vmm"]]).hex())
            except RuntimeError as error:
                print("error", error)
        """
}
