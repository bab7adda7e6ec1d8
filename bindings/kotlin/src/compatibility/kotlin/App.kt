import java.nio.file.Files
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.wxtransfer.WXTransferCallbacks
import org.wxtransfer.WXTransferCategory
import org.wxtransfer.WXTransferDownloadRequest
import org.wxtransfer.WXTransferDownloadSuccess
import org.wxtransfer.WXTransferErrno
import org.wxtransfer.WXTransferFailure
import org.wxtransfer.WXTransferLanPolicy
import org.wxtransfer.WXTransferNetwork
import org.wxtransfer.WXTransferPin
import org.wxtransfer.WXTransferProgress
import org.wxtransfer.WXTransferSession
import org.wxtransfer.WXTransferSessionOptions
import org.wxtransfer.WXTransferUploadPart
import org.wxtransfer.WXTransferUploadRequest
import org.wxtransfer.WXTransferUploadSuccess

/**
 * An app that was compiled against an older library: it makes every kind of value that an app makes, and passes the values to a
 * session. `compatibility-test.sh` runs it with the current library. A missing class or function ends it with an exception.
 */
fun main() = runBlocking {
    val directory = Files.createTempDirectory("wxtransfer-app")
    val plain = WXTransferSessionOptions("wx0123456789abcdef", "8.0.50", directory.toString())
    val options = plain.copy {
        allowPlainHttp = true
        lanPolicy = WXTransferLanPolicy.ALL_LOCAL
        pins = listOf(WXTransferPin("example.test", ByteArray(32)))
    }
    WXTransferSession(options).use { session ->
        session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.WIFI) { metered = false })
        val imported = session.importData("hello".encodeToByteArray(), "a.txt")
        check(session.files.read(imported.filePath).decodeToString() == "hello")
        check(session.getSavedFileList().isEmpty() && session.saveFile(imported.filePath).size == 5L)

        // Nothing listens on this port.
        val upload = WXTransferUploadRequest("http://127.0.0.1:1/") { parts = listOf(WXTransferUploadPart("a") { data = ByteArray(1) }) }
        val failure = runCatching { session.uploadFile(upload) }.exceptionOrNull() as WXTransferFailure
        check(failure.category == WXTransferCategory.CONNECT && failure.errno == WXTransferErrno.NETWORK) { "$failure" }
        val ended = CountDownLatch(1)
        val callbacks = object : WXTransferCallbacks<WXTransferDownloadSuccess> {
            override fun onComplete() = ended.countDown()
        }
        session.downloadFile(WXTransferDownloadRequest(upload.url).copy { verifyDigest = true }, callbacks)
        check(ended.await(60, TimeUnit.SECONDS))
        check(session.statistics().tasksFailed == 2L)
    }
    // Values that an app's tests make.
    check(WXTransferUploadSuccess { data = "a" }.copy { statusCode = 404 }.statusCode == 404)
    check(WXTransferDownloadSuccess().attempts == 1 && WXTransferProgress(1, null, null).totalBytes == 1L)
    check(WXTransferFailure("uploadFile:fail", 1, WXTransferCategory.ABORTED) { retryable = true }.retryable)
    JavaApp.main()
    directory.toFile().deleteRecursively()
    println("The app compiled before runs.")
}
