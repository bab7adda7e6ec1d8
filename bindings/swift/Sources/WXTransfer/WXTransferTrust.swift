import Foundation
internal import CWxtransfer

extension WXTransferSessionOptions {
    /// A certificate with which the app identifies itself to servers (mutual TLS). The private key stays with the app, for
    /// example in the Keychain: the library calls `sign` for each signature.
    ///
    /// The certificate is sent only to a server in `hosts` that asks for one in the handshake.
    public struct ClientCertificate: Sendable {
        /// The app's certificate in PEM, followed by its issuers in order. Private keys in the text are ignored.
        public var chain: String
        /// The servers that may receive the certificate, on any port: exact host names without a scheme, or IP addresses.
        public var hosts: [String]
        /// The signature schemes that the key supports, the preferred one first. Default: empty, all schemes that the library
        /// knows for the key, RSA-PSS before PKCS #1.
        public var schemes: [SignatureScheme]
        /// Signs `message`, which is not hashed yet. Returns `nil` if there is no signature: the user declined, or the
        /// key is gone. Called during a handshake, possibly for several connections at once. The task waits for the
        /// signature, at most until its deadline.
        public var sign: @Sendable (_ scheme: SignatureScheme, _ message: Data) async -> Data?

        /// A certificate. `sign` signs with its key.
        public init(
            chain: String, hosts: [String], schemes: [SignatureScheme] = [],
            sign: @escaping @Sendable (_ scheme: SignatureScheme, _ message: Data) async -> Data?
        ) {
            (self.chain, self.hosts, self.schemes, self.sign) = (chain, hosts, schemes, sign)
        }
    }

    /// A signature scheme of a TLS handshake. The numbers are those of `WXT_SCHEME_…` and of TLS.
    public enum SignatureScheme: UInt16, Sendable, CaseIterable {
        /// RSA PKCS #1 v1.5 with SHA-256: `.rsaSignatureMessagePKCS1v15SHA256` of a `SecKey`. TLS 1.2 only.
        case rsaPKCS1SHA256 = 0x0401
        /// RSA PKCS #1 v1.5 with SHA-384: `.rsaSignatureMessagePKCS1v15SHA384` of a `SecKey`. TLS 1.2 only.
        case rsaPKCS1SHA384 = 0x0501
        /// RSA PKCS #1 v1.5 with SHA-512: `.rsaSignatureMessagePKCS1v15SHA512` of a `SecKey`. TLS 1.2 only.
        case rsaPKCS1SHA512 = 0x0601
        /// ECDSA on P-256 with SHA-256, in DER: `.ecdsaSignatureMessageX962SHA256` of a `SecKey`.
        case ecdsaP256SHA256 = 0x0403
        /// ECDSA on P-384 with SHA-384, in DER: `.ecdsaSignatureMessageX962SHA384` of a `SecKey`.
        case ecdsaP384SHA384 = 0x0503
        /// RSA-PSS with SHA-256: `.rsaSignatureMessagePSSSHA256` of a `SecKey`.
        case rsaPSSSHA256 = 0x0804
        /// RSA-PSS with SHA-384: `.rsaSignatureMessagePSSSHA384` of a `SecKey`.
        case rsaPSSSHA384 = 0x0805
        /// RSA-PSS with SHA-512: `.rsaSignatureMessagePSSSHA512` of a `SecKey`.
        case rsaPSSSHA512 = 0x0806
        /// Ed25519.
        case ed25519 = 0x0807
    }
}

extension WXTransferSession {
    /// Replaces `rootCertificates` and `pins` of the options for new connections, both at once. `rootCertificates` is PEM;
    /// `nil` means the system's trust store. Idle connections are closed, connections that are being opened are opened again,
    /// and tasks that have a connection continue on it. TLS sessions of the former trust are not resumed. If it throws,
    /// nothing has changed.
    public func setTrust(
        rootCertificates: String?, pins: [WXTransferSessionOptions.Pin]
    ) throws(WXTransferStatus) {
        try WXTransferStatus.checkExplained { detail in
            CMemory.with { memory in
                let pins = memory.copy(pins.map { $0.cPin(in: memory) })
                let roots = memory.string(rootCertificates)
                return wxt_session_set_trust(handle.pointer, roots, pins.baseAddress, pins.count, detail)
            }
        }
    }
}

extension WXTransferSessionOptions.ClientCertificate {
    func cCertificate(
        in memory: CMemory, context: UnsafeMutableRawPointer,
        sign: @escaping @convention(c) (
            UnsafeMutableRawPointer?, UInt16, UnsafePointer<UInt8>?, Int, OpaquePointer?
        ) -> Void
    ) -> WxtClientCertificate {
        let (hosts, schemes) = (memory.strings(hosts), memory.copy(schemes.map(\.rawValue)))
        return WxtClientCertificate(
            chain: memory.string(chain), hosts: hosts.baseAddress, host_count: hosts.count,
            schemes: schemes.baseAddress, scheme_count: schemes.count, context: context, sign: sign)
    }
}

extension WXTransferSessionOptions.ClientCertificate: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        ["chain": Redaction.length(chain), "hosts": hosts, "schemes": schemes, "sign": Redaction.presence(sign)]
    }
}
