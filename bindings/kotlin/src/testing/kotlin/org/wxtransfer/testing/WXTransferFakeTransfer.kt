package org.wxtransfer.testing

import org.wxtransfer.WXTransferFailure
import org.wxtransfer.WXTransferHeadersReceived
import org.wxtransfer.WXTransferProfile
import org.wxtransfer.WXTransferProgress

/**
 * The script of one transfer of a fake session: the events before its end, and the end. A download receives its headers before
 * its progress, and an upload after it, as in the library; `headersAfterBody` of the session changes that.
 */
public class WXTransferFakeTransfer private constructor(
    internal val headers: WXTransferHeadersReceived?,
    internal val progress: List<WXTransferProgress>,
    internal val end: End,
) {
    internal sealed interface End {
        class Success(
            val statusCode: Int,
            val header: List<Pair<String, String>>,
            val body: ByteArray,
            val attempts: Int,
            val resumedFrom: Long,
            val profile: WXTransferProfile?,
        ) : End

        class Fails(val ofUpload: WXTransferFailure, val ofDownload: WXTransferFailure) : End

        object Never : End
    }

    /** Makes scripts. */
    public companion object {
        /**
         * The server answers, with any status. [body] is an upload's `data`, or the file of a download. 100 % follows
         * [progress], unless its last element has 100 % already. [attempts], [resumedFrom] and [profile] are those of the result.
         */
        @JvmStatic
        @JvmOverloads
        public fun success(
            body: ByteArray = ByteArray(0),
            statusCode: Int = 200,
            header: List<Pair<String, String>> = emptyList(),
            progress: List<WXTransferProgress> = emptyList(),
            attempts: Int = 1,
            resumedFrom: Long = 0,
            profile: WXTransferProfile? = null,
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(
            WXTransferHeadersReceived(header, statusCode),
            progress,
            End.Success(statusCode, header, body, attempts, resumedFrom, profile),
        )

        /** The same with a text as the body. */
        @JvmStatic
        @JvmOverloads
        public fun success(body: String, statusCode: Int = 200): WXTransferFakeTransfer = success(body.encodeToByteArray(), statusCode)

        /** The transfer fails, after [headers] and [progress]. */
        @JvmStatic
        @JvmOverloads
        public fun failure(
            failure: WXTransferFakeFailure,
            headers: WXTransferHeadersReceived? = null,
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(headers, progress, End.Fails(failure.ofUpload(), failure.ofDownload()))

        /** The script of a transfer for which the test has no script. */
        internal fun missing(url: String): WXTransferFakeTransfer {
            val detail = "no script is left for a transfer with $url"
            val end = End.Fails(WXTransferFakeFailure.INTERNAL.ofUpload(detail), WXTransferFakeFailure.INTERNAL.ofDownload(detail))
            return WXTransferFakeTransfer(null, emptyList(), end)
        }

        /** The transfer fails with a failure that the test makes. */
        @JvmStatic
        @JvmOverloads
        public fun failure(
            failure: WXTransferFailure,
            headers: WXTransferHeadersReceived? = null,
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(headers, progress, End.Fails(failure, failure))

        /** After [headers] and [progress], nothing happens until the transfer is aborted or interrupted, or the session is closed. */
        @JvmStatic
        @JvmOverloads
        public fun endless(
            headers: WXTransferHeadersReceived? = null,
            progress: List<WXTransferProgress> = emptyList(),
        ): WXTransferFakeTransfer = WXTransferFakeTransfer(headers, progress, End.Never)
    }
}
