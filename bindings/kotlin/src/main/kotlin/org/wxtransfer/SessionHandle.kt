package org.wxtransfer

/**
 * The handle of an open session in native code. Everything that needs the session open refers to this object:
 * [WXTransferSession], its files, and each task until its end, because native code holds the task's [TaskEvents]. If no
 * reference is left, the app has dropped the session, and [DroppedSessions] closes it.
 *
 * @constructor Opens the session. Throws [WXTransferStatusException].
 */
internal class SessionHandle(options: WXTransferSessionOptions.Builder) {
    private val number = openSession(options)
    private val whenDropped = DroppedSessions.watch(this, number, options)

    @Volatile
    private var used = false

    /** Calls native code with the handle's number. */
    fun <T> use(call: (Long) -> T): T = try {
        call(number)
    } finally {
        // The garbage collector may take an object after its last use, before its scope ends. This use keeps the session open.
        used = true
    }

    /** Closes the session, or throws [WXTransferStatusException]. Does nothing if the session is already closed. */
    fun close() = use {
        val status = Native.sessionClose(it)
        if (status != WXTransferStatus.SESSION_CLOSED.value) checkStatus(status)
        DroppedSessions.forget(whenDropped)
    }
}

private fun openSession(options: WXTransferSessionOptions.Builder): Long {
    val texts = TextList(options.texts())
    val uploadDomains = TextList(options.uploadDomains)
    val downloadDomains = TextList(options.downloadDomains)
    val pins = PinList(options.pins)
    val certificate = options.clientCertificate
    val certificateHosts = TextList(certificate?.hosts ?: emptyList())
    val certificateSchemes = certificate?.schemes ?: emptyList()
    val session = LongArray(1)
    checkExplained { reason ->
        Native.sessionOpen(
            numbers = options.numbers(),
            texts = texts.bytes,
            textLengths = texts.lengths,
            uploadDomains = uploadDomains.bytes,
            uploadDomainLengths = uploadDomains.lengths,
            downloadDomains = downloadDomains.bytes,
            downloadDomainLengths = downloadDomains.lengths,
            pinHosts = pins.hosts.bytes,
            pinHostLengths = pins.hosts.lengths,
            pinHashes = pins.hashes,
            pinHashLengths = pins.hashLengths,
            hooks = NativeHooks(options),
            hasExecutor = options.executor != null,
            hasLogger = options.logger != null,
            hasResolver = options.resolver != null,
            certificateChain = certificate?.chain?.utf8(),
            certificateHosts = certificateHosts.bytes,
            certificateHostLengths = certificateHosts.lengths,
            certificateSchemes = IntArray(certificateSchemes.size) { certificateSchemes[it].value },
            session = session,
            reason = reason,
        )
    }
    return session[0]
}
