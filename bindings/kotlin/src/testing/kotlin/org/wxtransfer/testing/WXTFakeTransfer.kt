package org.wxtransfer.testing

import org.wxtransfer.WXTFailureException
import org.wxtransfer.WXTHeadersReceived
import org.wxtransfer.WXTProgress

/**
 * What a fake session does with one transfer: the events before its end, and the end. A download has its headers before its
 * progress, and an upload after it, as in the library.
 */
public class WXTFakeTransfer private constructor(
    internal val headers: WXTHeadersReceived?,
    internal val progress: List<WXTProgress>,
    internal val end: End,
) {
    internal sealed interface End {
        class Success(val statusCode: Int, val header: List<Pair<String, String>>, val body: ByteArray) : End

        class Fails(val ofUpload: WXTFailureException, val ofDownload: WXTFailureException) : End

        object Never : End
    }

    /** The scripts. */
    public companion object {
        /**
         * The server answers, with whatever status. [body] is an upload's `data`, or the file of a download. After [progress] comes
         * 100 %, unless it is there.
         */
        public fun success(
            body: ByteArray = ByteArray(0),
            statusCode: Int = 200,
            header: List<Pair<String, String>> = emptyList(),
            progress: List<WXTProgress> = emptyList(),
        ): WXTFakeTransfer =
            WXTFakeTransfer(WXTHeadersReceived(header, statusCode), progress, End.Success(statusCode, header, body))

        /** The same with a text. */
        public fun success(body: String, statusCode: Int = 200): WXTFakeTransfer = success(body.encodeToByteArray(), statusCode)

        /** There is no answer, or it breaks off after [headers] and [progress]. */
        public fun failure(
            failure: WXTFakeFailure,
            headers: WXTHeadersReceived? = null,
            progress: List<WXTProgress> = emptyList(),
        ): WXTFakeTransfer = WXTFakeTransfer(headers, progress, End.Fails(failure.ofUpload(), failure.ofDownload()))

        /** What a session does where the test has not said what the server does. */
        internal fun missing(url: String): WXTFakeTransfer {
            val detail = "no script is left for a transfer with $url"
            val end = End.Fails(WXTFakeFailure.INTERNAL.ofUpload(detail), WXTFakeFailure.INTERNAL.ofDownload(detail))
            return WXTFakeTransfer(null, emptyList(), end)
        }

        /** A failure of the app's own making. */
        public fun failure(
            failure: WXTFailureException,
            headers: WXTHeadersReceived? = null,
            progress: List<WXTProgress> = emptyList(),
        ): WXTFakeTransfer = WXTFakeTransfer(headers, progress, End.Fails(failure, failure))

        /** After [headers] and [progress] nothing comes until the transfer is aborted, interrupted, or the session closed. */
        public fun endless(
            headers: WXTHeadersReceived? = null,
            progress: List<WXTProgress> = emptyList(),
        ): WXTFakeTransfer = WXTFakeTransfer(headers, progress, End.Never)
    }
}
