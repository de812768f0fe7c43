import Glibc
import InitramfsRuntime

@testable import EmulatedMachine

/// QEMU's end of a TPM emulator's channels.
struct ControlClient: ~Copyable {
    let socket: FileDescriptor

    /// Sends a command with its parameters, and receives `count` bytes.
    func ask(_ command: UInt8, _ parameters: [UInt8] = [], count: Int = 4) -> [UInt8] {
        exchange([0, 0, 0, command] + parameters, count, on: socket.rawValue)
    }

    /// CMD_SET_DATAFD, with the descriptor beside it.
    func give(_ descriptor: Int32) -> [UInt8] {
        // struct cmsghdr on 64-bit Linux: size of 8 bytes, level, type; then the descriptor, and padding.
        var control = [UInt8](repeating: 0, count: 24)
        (control[0], control[8], control[12]) = (20, UInt8(SOL_SOCKET), 1)
        for index in 0..<4 { control[16 + index] = UInt8(truncatingIfNeeded: descriptor >> (8 * Int32(index))) }
        var command: [UInt8] = [0, 0, 0, 0x10]
        let sent = unsafe control.withUnsafeMutableBytes { control in
            unsafe command.withUnsafeMutableBytes { command in
                var vector = unsafe iovec(iov_base: command.baseAddress, iov_len: command.count)
                return unsafe withUnsafeMutablePointer(to: &vector) { vector in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = vector
                    unsafe message.msg_iovlen = 1
                    unsafe message.msg_control = control.baseAddress
                    unsafe message.msg_controllen = control.count
                    return unsafe sendmsg(socket.rawValue, &message, 0)
                }
            }
        }
        return sent == 4 ? receive(4, from: socket.rawValue) : []
    }
}

/// Sends `request`, and receives `count` bytes, or what comes within ten seconds.
func exchange(_ request: [UInt8], _ count: Int, on socket: Int32) -> [UInt8] {
    guard unsafe send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return [] }
    return receive(count, from: socket)
}

func receive(_ count: Int, from socket: Int32) -> [UInt8] {
    var answer: [UInt8] = []
    while answer.count < count {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 10_000) == 1 else { return answer }
        var block = [UInt8](repeating: 0, count: count - answer.count)
        let got = unsafe read(socket, &block, block.count)
        guard got > 0 else { return answer }
        answer += block[..<got]
    }
    return answer
}
