@file:JvmName("WXTransferContent")

package org.wxtransfer

import android.content.Context
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.FileNotFoundException
import java.io.IOException
import java.util.concurrent.Executor
import java.util.concurrent.RejectedExecutionException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** The functions that only Android needs. */
public object WXTransferAndroid {
    /** An executor of the main thread, for [WXTransferSessionOptions.Builder.executor]. */
    @JvmStatic
    public val mainExecutor: Executor by lazy {
        val handler = Handler(Looper.getMainLooper())
        Executor { command ->
            if (!handler.post(command)) throw RejectedExecutionException("the main thread has ended")
        }
    }

    /**
     * Gives the library access to Android's trust store. Call it once per process, in `Application.onCreate`, before the first
     * session that has no `rootCertificates`: until this function has succeeded, opening such a session fails with
     * [WXTransferStatus.TRUST_STORE_UNAVAILABLE]. [context] is any context of the app; the library keeps no reference to it.
     * After a success, further calls do nothing. Throws [WXTransferStatusException].
     */
    @JvmStatic
    @Throws(WXTransferStatusException::class)
    public fun init(context: Context) {
        checkStatus(NativeAndroid.init(context))
    }
}

/** The functions of `jni/src/android.rs`. */
internal object NativeAndroid {
    init {
        System.loadLibrary("wxtransfer_jni")
    }

    @JvmStatic
    external fun init(context: Context): Int
}

/**
 * A copy of the request that uploads the content of [descriptor]. The app keeps the descriptor, and closes it when the call that
 * uploads has returned. The server receives [fileName].
 */
@JvmOverloads
public fun WXTransferUploadRequest.withFile(
    descriptor: ParcelFileDescriptor,
    fileName: String? = this.fileName,
): WXTransferUploadRequest = copy { fileDescriptor = descriptor.fd; this.fileName = fileName }

/**
 * Makes a temporary file from [descriptor], read from its current offset. [length] is the number of bytes; 0 means up to
 * the end. [name] provides the extension. The app closes the descriptor. Throws [WXTransferFailure].
 */
@Throws(WXTransferException::class)
public suspend fun WXTransferSession.importFileDescriptor(
    descriptor: ParcelFileDescriptor,
    length: Long = 0,
    name: String? = null,
): WXTransferFileInfo = importFileDescriptor(descriptor.fd, length, name)

/**
 * Makes a temporary file from a `content://` document, as `wx.chooseImage` does with a picked image. Throws [WXTransferFailure],
 * and [IOException] if the document cannot be opened.
 */
@Throws(WXTransferException::class, IOException::class)
public suspend fun WXTransferSession.importContent(context: Context, uri: Uri): WXTransferFileInfo =
    withContext(Dispatchers.IO) { files.blocking.importContent(context, uri) }

/** The same on the calling thread. Java calls `WXTransferContent.importContent(files, context, uri)`. */
@Throws(WXTransferException::class, IOException::class)
public fun WXTransferBlockingFiles.importContent(context: Context, uri: Uri): WXTransferFileInfo {
    val opened = context.contentResolver.openFileDescriptor(uri, "r") ?: throw FileNotFoundException(Redaction.url(uri.toString()))
    return opened.use { importFileDescriptor(it.fd, name = displayName(context, uri)) }
}

private fun displayName(context: Context, uri: Uri): String? =
    context.contentResolver.query(uri, arrayOf(OpenableColumns.DISPLAY_NAME), null, null, null)?.use { rows ->
        if (rows.moveToFirst() && !rows.isNull(0)) rows.getString(0) else null
    }
