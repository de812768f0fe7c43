internal import InitramfsRuntime

/// How long it takes until a guest's command runs, and until all is gone again.
enum StartUpBench {
    /// The aim, in microseconds.
    private static let aim: Int64 = 150_000

    /// The best of some runs of this very program. The TPM has been made before, as on any machine but a new one.
    private static let script = """
        program=$(readlink /proc/$PPID/exe)
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        "$program" init "$folder/state" >/dev/null
        "$program" exec --state "$folder/state" -- true
        for run in 1 2 3 4 5 6 7; do
            start=$(date +%s%N)
            "$program" exec --state "$folder/state" -- true
            end=$(date +%s%N)
            echo $(((end - start) / 1000))
        done
        """

    static func exec() throws(CommandFailure) -> [Measurement] {
        guard let best = try BenchScript.lines(script).compactMap({ Int64($0) }).min() else {
            throw CommandFailure(.unavailable, area: "bench", "no guest started")
        }
        return [
            Measurement(
                name: "start and end of exec -- true", value: best, unit: "microseconds", limit: ("aim", aim))
        ]
    }
}
