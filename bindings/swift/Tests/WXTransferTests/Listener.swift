import Foundation

#if canImport(Glibc)
import Glibc
private let streamType = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let streamType = SOCK_STREAM
#endif

/// A port of the loopback that sends nothing by itself. The system accepts connections to it until its queue is full.
final class Listener: Sendable {
    let port: UInt16
    private let socket: Int32
    private let fillers: [Int32]

    /// `full`: fills the queue, so that no further connection is accepted.
    init(full: Bool) throws {
        let socket = try Self.check(Self.openSocket())
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = try Self.check(bind(socket, address, length))
                _ = try Self.check(listen(socket, full ? 0 : 8))
                _ = try Self.check(getsockname(socket, address, &length))
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        var fillers: [Int32] = []
        if full {
            // The system may make the queue longer than requested, so more connections are opened.
            for _ in 0..<64 {
                let filler = try Self.check(Self.openSocket())
                fillers.append(filler)
                _ = fcntl(filler, F_SETFL, O_NONBLOCK)
                withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
                }
            }
        }
        self.socket = socket
        self.fillers = fillers
    }

    deinit {
        for descriptor in fillers + [socket] {
            close(descriptor)
        }
    }

    /// Returns when the first byte of a client was received. Sends no answer.
    func firstByte() async {
        let socket = socket
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let connection = accept(socket, nil, nil)
                var byte: UInt8 = 0
                _ = recv(connection, &byte, 1, 0)
                continuation.resume()
            }
        }
    }

    /// Answers the first client when the head of its request was received, and closes the connection.
    func answer(_ response: String) async {
        let socket = socket
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let connection = accept(socket, nil, nil)
                var head = Data()
                var byte: UInt8 = 0
                while head.suffix(4) != Data("\r\n\r\n".utf8), recv(connection, &byte, 1, 0) == 1 {
                    head.append(byte)
                }
                _ = Array(response.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
                close(connection)
                continuation.resume()
            }
        }
    }

    private static func openSocket() -> Int32 {
        #if canImport(Glibc)
        Glibc.socket(AF_INET, streamType, 0)
        #else
        Darwin.socket(AF_INET, streamType, 0)
        #endif
    }

    private static func check(_ result: Int32) throws -> Int32 {
        guard result >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return result
    }
}
