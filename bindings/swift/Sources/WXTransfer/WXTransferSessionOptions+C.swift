internal import CWxtransfer

extension WXTransferSessionOptions {
    /// The struct of the C interface. `host` is the context of the C callbacks, and must outlive the session.
    func cOptions(in memory: CMemory, host: HostContext) -> WxtSessionOptions {
        let pins = memory.copy(pins.map { $0.cPin(in: memory) })
        var options = wxt_session_options()
        // Generated from wxtransfer.h: setting WxtSessionOptions
        options.app_id = memory.string(appID)
        options.app_version = memory.string(appVersion)
        options.user_id = memory.string(userID)
        options.platform = platform.cValue
        options.path_policy = pathPolicy.cValue
        options.client_version = memory.string(clientVersion)
        options.base_library_version = memory.string(baseLibraryVersion)
        options.user_agent = memory.string(userAgent)
        options.referer = memory.string(referer)
        options.path_scheme = memory.string(pathScheme)
        options.max_concurrent_uploads = maxConcurrentUploads ?? 0
        options.max_concurrent_downloads = maxConcurrentDownloads ?? 0
        options.default_upload_timeout = cMilliseconds(defaultUploadTimeoutMilliseconds)
        options.default_download_timeout = cMilliseconds(defaultDownloadTimeoutMilliseconds)
        options.max_timeout = cMilliseconds(maxTimeoutMilliseconds)
        options.max_download_size = maxDownloadSize ?? 0
        options.max_data_size = maxDataSize ?? 0
        options.storage_quota = storageQuota ?? 0
        options.temporary_quota = temporaryQuota ?? 0
        options.temporary_retention = temporaryRetention ?? 0
        options.storage_sharing = storageSharing.cValue
        options.lan_policy = lanPolicy.cValue
        options.allow_plain_http = allowPlainHTTP ? 1 : 0
        options.skip_domain_check = skipDomainCheck ? 1 : 0
        options.send_uploads_once = sendUploadsOnce ? 1 : 0
        let uploadDomains = memory.strings(self.uploadDomains)
        options.upload_domains = uploadDomains.baseAddress
        options.upload_domain_count = uploadDomains.count
        let downloadDomains = memory.strings(self.downloadDomains)
        options.download_domains = downloadDomains.baseAddress
        options.download_domain_count = downloadDomains.count
        options.root_certificates = memory.string(rootCertificates)
        options.proxy = memory.string(proxy)
        options.max_retries = maxRetries
        options.retry_delay = cMilliseconds(retryDelayMilliseconds)
        options.retry_uploads = retryUploads ? 1 : 0
        options.resume = resume.cValue
        options.max_bytes_per_second = maxBytesPerSecond ?? 0
        options.low_speed_limit = lowSpeedLimit ?? 0
        options.low_speed_time = cMilliseconds(lowSpeedTimeMilliseconds)
        options.wait_in_background = waitInBackground ? 1 : 0
        // Generated until here
        options.data_directory = memory.string(dataDirectory.path)
        options.pins = pins.baseAddress
        options.pin_count = pins.count
        host.fill(&options, in: memory)
        return options
    }
}

extension WXTransferSessionOptions.Platform {
    var cValue: Int32 {
        switch self {
        // Generated from wxtransfer.h: values WXT_PLATFORM_
        case .iOS: WXT_PLATFORM_IOS
        case .android: WXT_PLATFORM_ANDROID
        case .other: WXT_PLATFORM_OTHER
        case .ohos: WXT_PLATFORM_OHOS
        // Generated until here
        }
    }
}

extension WXTransferSessionOptions.PathPolicy {
    var cValue: Int32 {
        switch self {
        // Generated from wxtransfer.h: values WXT_PATHS_
        case .sandbox: WXT_PATHS_SANDBOX
        case .native: WXT_PATHS_NATIVE
        // Generated until here
        }
    }
}

extension WXTransferSessionOptions.StorageSharing {
    var cValue: Int32 {
        switch self {
        // Generated from wxtransfer.h: values WXT_STORAGE_
        case .exclusive: WXT_STORAGE_EXCLUSIVE
        case .shared: WXT_STORAGE_SHARED
        // Generated until here
        }
    }
}

extension WXTransferSessionOptions.LANPolicy {
    var cValue: Int32 {
        switch self {
        // Generated from wxtransfer.h: values WXT_LAN_
        case .ownSubnets: WXT_LAN_OWN_SUBNETS
        case .off: WXT_LAN_OFF
        case .allLocal: WXT_LAN_ALL_LOCAL
        // Generated until here
        }
    }
}

extension WXTransferSessionOptions.Resume {
    var cValue: Int32 {
        switch self {
        // Generated from wxtransfer.h: values WXT_RESUME_
        case .off: WXT_RESUME_OFF
        case .withinTask: WXT_RESUME_WITHIN_TASK
        case .acrossLaunches: WXT_RESUME_ACROSS_LAUNCHES
        // Generated until here
        }
    }
}

extension WXTransferSessionOptions.LogLevel {
    init(_ level: Int32) {
        self = level == WXT_LOG_WARNING ? .warning : .info
    }
}

extension WXTransferSessionOptions.Pin {
    func cPin(in memory: CMemory) -> WxtPin {
        let hash = memory.copy(Array(sha256))
        return WxtPin(host: memory.string(host), sha256: hash.baseAddress, sha256_length: hash.count)
    }
}

extension WXTransferSessionOptions.Pin: Redacted {
    var shown: KeyValuePairs<String, Any?> { ["host": host, "sha256": "<\(sha256.count) bytes>"] }
}

extension WXTransferSessionOptions: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        [
            // Generated from wxtransfer.h: shown WxtSessionOptions
            "appID": appID,
            "appVersion": appVersion,
            "userID": userID.map(Redaction.length),
            "platform": platform,
            "pathPolicy": pathPolicy,
            "clientVersion": clientVersion,
            "baseLibraryVersion": baseLibraryVersion,
            "userAgent": userAgent.map(Redaction.length),
            "referer": referer,
            "pathScheme": pathScheme,
            "maxConcurrentUploads": maxConcurrentUploads,
            "maxConcurrentDownloads": maxConcurrentDownloads,
            "defaultUploadTimeoutMilliseconds": defaultUploadTimeoutMilliseconds,
            "defaultDownloadTimeoutMilliseconds": defaultDownloadTimeoutMilliseconds,
            "maxTimeoutMilliseconds": maxTimeoutMilliseconds,
            "maxDownloadSize": maxDownloadSize,
            "maxDataSize": maxDataSize,
            "storageQuota": storageQuota,
            "temporaryQuota": temporaryQuota,
            "temporaryRetention": temporaryRetention,
            "storageSharing": storageSharing,
            "lanPolicy": lanPolicy,
            "allowPlainHTTP": allowPlainHTTP,
            "skipDomainCheck": skipDomainCheck,
            "sendUploadsOnce": sendUploadsOnce,
            "uploadDomains": uploadDomains.map(Redaction.url),
            "downloadDomains": downloadDomains.map(Redaction.url),
            "rootCertificates": rootCertificates.map(Redaction.length),
            "proxy": Redaction.proxy(proxy),
            "maxRetries": maxRetries,
            "retryDelayMilliseconds": retryDelayMilliseconds,
            "retryUploads": retryUploads,
            "resume": resume,
            "maxBytesPerSecond": maxBytesPerSecond,
            "lowSpeedLimit": lowSpeedLimit,
            "lowSpeedTimeMilliseconds": lowSpeedTimeMilliseconds,
            "waitInBackground": waitInBackground,
            // Generated until here
            "dataDirectory": dataDirectory.path,
            "pins": pins,
            "resolver": Redaction.presence(resolver),
            "callbackQueue": Redaction.presence(callbackQueue),
            "log": Redaction.presence(log),
            "clientCertificate": clientCertificate,
        ]
    }
}
