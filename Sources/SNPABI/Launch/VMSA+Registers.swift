extension VMSA {
    /// Segment and table registers, 16 bytes each.
    public enum Segment: Int, CaseIterable, Sendable {
        case es = 0x00
        case cs = 0x10
        case ss = 0x20
        case ds = 0x30
        case fs = 0x40
        case gs = 0x50
        case gdtr = 0x60
        case ldtr = 0x70
        case idtr = 0x80
        case tr = 0x90
    }

    /// Registers of 64 bits.
    public enum Register: Int, CaseIterable, Sendable {
        case pl0SSP = 0x0A0
        case pl1SSP = 0x0A8
        case pl2SSP = 0x0B0
        case pl3SSP = 0x0B8
        case userCET = 0x0C0
        case efer = 0x0D0
        case xss = 0x140
        case cr4 = 0x148
        case cr3 = 0x150
        case cr0 = 0x158
        case dr7 = 0x160
        case dr6 = 0x168
        case rflags = 0x170
        case rip = 0x178
        case dr0 = 0x180
        case dr1 = 0x188
        case dr2 = 0x190
        case dr3 = 0x198
        case dr0Mask = 0x1A0
        case dr1Mask = 0x1A8
        case dr2Mask = 0x1B0
        case dr3Mask = 0x1B8
        case rsp = 0x1D8
        case supervisorCET = 0x1E0
        case ssp = 0x1E8
        case interruptSSPTable = 0x1F0
        case rax = 0x1F8
        case star = 0x200
        case lstar = 0x208
        case cstar = 0x210
        case sfmask = 0x218
        case kernelGSBase = 0x220
        case sysenterCS = 0x228
        case sysenterESP = 0x230
        case sysenterEIP = 0x238
        case cr2 = 0x240
        case gPAT = 0x268
        case debugControl = 0x270
        case lastBranchFrom = 0x278
        case lastBranchTo = 0x280
        case lastExceptionFrom = 0x288
        case lastExceptionTo = 0x290
        case guestTSCScale = 0x2F0
        case guestTSCOffset = 0x2F8
        case registerProtectionNonce = 0x300
        case rcx = 0x308
        case rdx = 0x310
        case rbx = 0x318
        case rbp = 0x328
        case rsi = 0x330
        case rdi = 0x338
        case r8 = 0x340
        case r9 = 0x348
        case r10 = 0x350
        case r11 = 0x358
        case r12 = 0x360
        case r13 = 0x368
        case r14 = 0x370
        case r15 = 0x378
        case guestExitInfo1 = 0x390
        case guestExitInfo2 = 0x398
        case guestExitInterruptInfo = 0x3A0
        case guestNextRIP = 0x3A8
        case sevFeatures = 0x3B0
        case virtualInterruptControl = 0x3B8
        case guestExitCode = 0x3C0
        case virtualTOM = 0x3C8
        case tlbID = 0x3D0
        case physicalCPUID = 0x3D8
        case eventInjection = 0x3E0
        case xcr0 = 0x3E8
        case x87DataPointer = 0x400
        case x87RIP = 0x418
    }

    /// Registers of 32 bits.
    public enum Register32: Int, CaseIterable, Sendable {
        case pkru = 0x2E8
        case tscAUX = 0x2EC
        case mxcsr = 0x408
    }

    /// Registers of 16 bits, all of the x87 unit.
    public enum Register16: Int, CaseIterable, Sendable {
        case x87TagWord = 0x40C
        case x87StatusWord = 0x40E
        case x87ControlWord = 0x410
        case x87Opcode = 0x412
        case x87DS = 0x414
        case x87CS = 0x416
    }

    /// Registers of 8 bits.
    public enum Register8: Int, CaseIterable, Sendable {
        case vmpl = 0x0CA
        case cpl = 0x0CB
    }
}
