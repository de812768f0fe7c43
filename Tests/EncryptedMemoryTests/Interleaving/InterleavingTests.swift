import EncryptedMemory
import Testing

/// Random interleavings of what hosts and guests do. Under SEV-SNP nothing of the kind that `Violation` lists happens;
/// without, and with a careless guest, the same steps and the same judge find it: so the judge can see.
@Suite struct InterleavingTests {
    private static let stepCount = 250

    private func steps(_ seed: UInt64) -> [Operation] {
        var generator = SeededGenerator(seed: seed)
        let palette = Operation.Palette(using: &generator)
        return (0..<Self.stepCount).map { Operation.random($0, palette, using: &generator) }
    }

    /// The first violation of one of these kinds.
    private func run(
        _ steps: [Operation], _ protection: MemoryProtection, _ carefulness: Carefulness = .careful,
        for kinds: [Violation] = Violation.allCases
    ) throws -> Violation? {
        let world = try World(protection, carefulness)
        let looks = (0..<Operation.frames).map { Operation.look(frame: $0) }
        for step in steps + looks {
            if let violation = world.apply(step), kinds.contains(violation) { return violation }
        }
        return nil
    }

    /// Takes out whatever is not needed for a violation of that kind.
    private func shrink(
        _ steps: [Operation], _ protection: MemoryProtection, _ carefulness: Carefulness = .careful, to kind: Violation
    ) throws -> [Operation] {
        var steps = steps
        var size = steps.count / 2
        while size > 0 {
            var start = 0
            while start < steps.count {
                let shorter = Array(steps[..<start] + steps[min(start + size, steps.count)...])
                if try run(shorter, protection, carefulness, for: [kind]) != nil {
                    steps = shorter
                } else {
                    start += size
                }
            }
            size /= 2
        }
        return steps
    }

    /// What has to be done for a violation of that kind, as the first of so many runs shows it; nil where none does.
    private func recipe(
        _ kind: Violation, _ protection: MemoryProtection, _ carefulness: Carefulness = .careful, runs: UInt64
    ) throws -> [Operation]? {
        for seed in 0..<runs {
            let steps = steps(seed)
            guard try run(steps, protection, carefulness, for: [kind]) != nil else { continue }
            return try shrink(steps, protection, carefulness, to: kind)
        }
        return nil
    }

    @Test func underSNPNothingIsSeenOrChangedUnseen() throws {
        for seed in 0..<2000 as Range<UInt64> {
            let steps = steps(seed)
            guard let violation = try run(steps, .sevSNP) else { continue }
            let shrunk = try shrink(steps, .sevSNP, to: violation).map { "\($0)" }.joined(separator: "\n")
            Issue.record("seed \(seed): \(violation) by\n\(shrunk)")
            return
        }
    }

    /// The control: what the host can do where there is no reverse map.
    @Test(arguments: [MemoryProtection.sev, .sevES], [(Violation.garbled, 4), (.replayed, 6)])
    func withoutAReverseMapTheSameStepsGarbleAndReplay(
        _ protection: MemoryProtection, _ kind: (violation: Violation, steps: Int)
    ) throws {
        // Accept, write, spoil, read; or accept, write, save, write, replay, read: a step or two more, where the random
        // steps took a detour.
        let recipe = try recipe(kind.violation, protection, runs: 100)
        #expect((kind.steps...kind.steps + 2).contains(recipe?.count ?? 0), "\(recipe ?? [])")
        #expect(try self.recipe(.plaintextSeen, protection, runs: 100) == nil)
    }

    @Test func withoutEncryptionTheSameStepsShowPlaintext() throws {
        #expect(try recipe(.plaintextSeen, .none, runs: 5)?.count == 2)
    }

    /// The control of the guest's side: the reverse map helps only those who keep its rules.
    @Test(arguments: [Carefulness.ignoresCarry, .acceptsAgain])
    func aCarelessGuestIsDeceivedUnderSNP(_ carefulness: Carefulness) throws {
        let recipe = try recipe(.garbled, .sevSNP, carefulness, runs: 2000)
        #expect((5...12).contains(recipe?.count ?? 0), "\(recipe ?? [])")
        #expect(try self.recipe(.plaintextSeen, .sevSNP, carefulness, runs: 100) == nil)
    }
}
