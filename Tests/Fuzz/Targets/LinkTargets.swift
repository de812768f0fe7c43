import EmulatorLink

/// What a whole machine and its emulator say to each other: the host is in between.
enum LinkTargets {
    static func frames(_ input: [UInt8]) throws {
        var (whole, pieces) = (FrameReader(), FrameReader())
        let bodies = try whole.take(input)
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: input.count, by: 7) {
            found += succeed("pieces are read as the whole is") {
                try pieces.take(input[start..<min(start + 7, input.count)])
            }
        }
        demand(found == bodies, "pieces have the frames of the whole")
        let encoded = bodies.flatMap(Frame.encode)
        demand(encoded == Array(input.prefix(encoded.count)), "frames are written as they were read")
        demand(whole.isInsideFrame == (encoded.count < input.count), "what is left is the beginning of a frame")
    }

    static func guestRequest(_ input: [UInt8]) throws {
        demand(try GuestRequestMessage(parsing: input).encoded() == input, "a request is written as it was read")
    }

    static func guestRequestAnswer(_ input: [UInt8]) throws {
        demand(try GuestRequestAnswer(parsing: input).encoded() == input, "an answer is written as it was read")
    }

    static func service(_ input: [UInt8]) throws {
        demand(try ServiceMessage(parsing: input).encoded() == input, "a question is written as it was read")
    }

    static func serviceAnswer(_ input: [UInt8]) throws {
        demand(try ServiceAnswer(parsing: input).encoded() == input, "evidence is written as it was read")
    }
}
