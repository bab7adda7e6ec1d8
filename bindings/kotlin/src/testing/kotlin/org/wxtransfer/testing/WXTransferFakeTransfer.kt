package org.wxtransfer.testing

import org.wxtransfer.WXTransferFailure
import org.wxtransfer.WXTransferHeadersReceived
import org.wxtransfer.WXTransferProgress

/**
 * What a fake session does with one transfer: the events before its end, and the end. A download has its headers before its
 * progress, and an upload after it, as in the library.
 */
public class WXTransferFakeTransfer private constructor(
    internal val headers: WXTransferHeadersReceived?,
    internal val progress: List<WXTransferProgress>,
    internal val end: End,
) {
    internal sealed interface End {
        class Success(val statusCode: Int, val header: List<Pair<String, String>>, val body: ByteArray) : End

        class Fails(val ofUpload: WXTransferFailure, val ofDownload: WXTransferFailure) : End

        object Never : End
    }

    /** The scripts. */
    public companion object {
        /**
         * The server answers, with whatever status. [body] is an upload's `data`, or the file of a download. After [progress] comes
         * 100 %, unless it is there.
         */
        @JvmStatic
        @JvmOverloads
        public fun success(
            body: ByteArray = ByteArray(0),
            statusCode: Int = 200,
            header: List<Pair<String, String>> = emptyList(),
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer =
            WXTransferFakeTransfer(WXTransferHeadersReceived(header, statusCode), progress, End.Success(statusCode, header, body))

        /** The same with a text. */
        @JvmStatic
        @JvmOverloads
        public fun success(body: String, statusCode: Int = 200): WXTransferFakeTransfer = success(body.encodeToByteArray(), statusCode)

        /** There is no answer, or it breaks off after [headers] and [progress]. */
        @JvmStatic
        @JvmOverloads
        public fun failure(
            failure: WXTransferFakeFailure,
            headers: WXTransferHeadersReceived? = null,
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(headers, progress, End.Fails(failure.ofUpload(), failure.ofDownload()))

        /** What a session does where the test has not said what the server does. */
        internal fun missing(url: String): WXTransferFakeTransfer {
            val detail = "no script is left for a transfer with $url"
            val end = End.Fails(WXTransferFakeFailure.INTERNAL.ofUpload(detail), WXTransferFakeFailure.INTERNAL.ofDownload(detail))
            return WXTransferFakeTransfer(null, emptyList(), end)
        }

        /** A failure of the app's own making. */
        @JvmStatic
        @JvmOverloads
        public fun failure(
            failure: WXTransferFailure,
            headers: WXTransferHeadersReceived? = null,
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(headers, progress, End.Fails(failure, failure))

        /** After [headers] and [progress] nothing comes until the transfer is aborted, interrupted, or the session closed. */
        @JvmStatic
        @JvmOverloads
        public fun endless(
            headers: WXTransferHeadersReceived? = null,
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(headers, progress, End.Never)
    }
}
