package org.wxtransfer

/** A `WxtSuccess` of native code. */
internal class NativeSuccess(
    numbers: LongArray,
    texts: List<String?>,
    val header: List<Pair<String, String>>,
    val profile: WXTransferProfile?,
) {
    // Generated from wxtransfer.h: values WxtSuccess
    val errMsg: String = texts[0].orEmpty()
    val statusCode: Int = numbers[0].toInt()
    val data: String? = texts[1]
    val tempFilePath: String? = texts[2]
    val filePath: String? = texts[3]
    val nativePath: String? = texts[4]
    val dataLength: Long = numbers[1]
    val attempts: Int = numbers[2].toInt()
    val resumedFrom: Long = numbers[3]
    val sha256: String? = texts[5]
    // Generated until here
}

/** A `WxtFailure` of native code. */
internal class NativeFailure(numbers: LongArray, texts: List<String?>, val profile: WXTransferProfile?) {
    // Generated from wxtransfer.h: values WxtFailure
    val errMsg: String = texts[0].orEmpty()
    val errNo: Int = numbers[0].toInt()
    val category: Int = numbers[1].toInt()
    val detail: String = texts[1].orEmpty()
    val retryable: Boolean = numbers[2] != 0L
    val attempts: Int = numbers[3].toInt()
    val resumedFrom: Long = numbers[4]
    // Generated until here
}
