internal import SNPABI

extension CPUIDPage {
    /// The page as the firmware would have it: each question once, XCR0 and XSS only where the answer depends on them
    /// (function 0xD), and no more state components than the guest's XCR0 enables.
    ///
    /// Features of a generation are not modelled: the answers themselves are the host's.
    /// Source: AMD 56860, "CPUID Page Checks"; Linux `arch/x86/coco/sev/shared.c`, which looks entries up in this way.
    func corrected() throws(SNPFormatError) -> CPUIDPage {
        var known: Set<Question> = []
        var kept: [Entry] = []
        for entry in entries {
            var entry = entry
            if entry.function != 0xD { (entry.xcr0, entry.xss) = (0, 0) }
            if known.insert(Question(entry)).inserted { kept.append(entry) }
        }
        return try CPUIDPage(kept)
    }

    private struct Question: Hashable {
        let function: UInt32
        let index: UInt32
        let xcr0: UInt64
        let xss: UInt64

        init(_ entry: Entry) { (function, index, xcr0, xss) = (entry.function, entry.index, entry.xcr0, entry.xss) }
    }
}
