package org.wxtransfer

/**
 * The number of an open session of native code. All that needs the session open refers to this object: [WXTransferSession], its
 * files, and each task until it has ended, because native code keeps the task's [TaskEvents]. When nothing does any more, the app has
 * dropped the session, and [DroppedSessions] closes it.
 *
 * @constructor Opens the session. Throws [WXTransferStatusException].
 */
internal class SessionHandle(options: WXTransferSessionOptions.Builder) {
    private val number = openSession(options)
    private val whenDropped = DroppedSessions.watch(this, number, options)

    @Volatile
    private var used = false

    /** Calls native code with the number. */
    fun <T> use(call: (Long) -> T): T = try {
        call(number)
    } finally {
        // The last use of an object may be long before the end of its scope: the session is not to be closed during the call.
        used = true
    }

    /** Closes the session, or throws [WXTransferStatusException]. Another time does nothing. */
    fun close() = use {
        val status = Native.sessionClose(it)
        if (status != WXTransferStatus.SESSION_CLOSED.value) checkStatus(status)
        DroppedSessions.forget(whenDropped)
    }
}

private fun openSession(options: WXTransferSessionOptions.Builder): Long {
    val uploadDomains = TextList(options.uploadDomains)
    val downloadDomains = TextList(options.downloadDomains)
    val pins = PinList(options.pins)
    val certificate = options.clientCertificate
    val certificateHosts = TextList(certificate?.hosts ?: emptyList())
    val certificateSchemes = certificate?.schemes ?: emptyList()
    val session = LongArray(1)
    checkExplained { reason ->
        Native.sessionOpen(
            appId = options.appId.utf8(),
            appVersion = options.appVersion?.utf8(),
            userId = options.userId?.utf8(),
            platform = options.platform.value,
            pathPolicy = options.pathPolicy.value,
            clientVersion = options.clientVersion.utf8(),
            baseLibraryVersion = options.baseLibraryVersion?.utf8(),
            userAgent = options.userAgent?.utf8(),
            referer = options.referer?.utf8(),
            pathScheme = options.pathScheme?.utf8(),
            dataDirectory = options.dataDirectory.utf8(),
            maxConcurrentUploads = options.maxConcurrentUploads,
            maxConcurrentDownloads = options.maxConcurrentDownloads,
            defaultUploadTimeout = options.defaultUploadTimeoutMillis.toNativeMillis(),
            defaultDownloadTimeout = options.defaultDownloadTimeoutMillis.toNativeMillis(),
            maxTimeout = options.maxTimeoutMillis.toNativeMillis(),
            maxDownloadSize = options.maxDownloadSize,
            maxDataSize = options.maxDataSize,
            storageQuota = options.storageQuota,
            temporaryQuota = options.temporaryQuota,
            temporaryRetention = options.temporaryRetention,
            storageSharing = options.storageSharing.value,
            lanPolicy = options.lanPolicy.value,
            allowPlainHttp = options.allowPlainHttp,
            skipDomainCheck = options.skipDomainCheck,
            sendUploadsOnce = options.sendUploadsOnce,
            uploadDomains = uploadDomains.bytes,
            uploadDomainLengths = uploadDomains.lengths,
            downloadDomains = downloadDomains.bytes,
            downloadDomainLengths = downloadDomains.lengths,
            rootCertificates = options.rootCertificates?.utf8(),
            pinHosts = pins.hosts.bytes,
            pinHostLengths = pins.hosts.lengths,
            pinHashes = pins.hashes,
            pinHashLengths = pins.hashLengths,
            proxy = options.proxy?.utf8(),
            maxRetries = options.maxRetries,
            retryDelay = options.retryDelayMillis.toNativeMillis(),
            retryUploads = options.retryUploads,
            resume = options.resume.value,
            maxBytesPerSecond = options.maxBytesPerSecond,
            lowSpeedLimit = options.lowSpeedLimit,
            lowSpeedTime = options.lowSpeedTimeMillis.toNativeMillis(),
            waitInBackground = options.waitInBackground,
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
