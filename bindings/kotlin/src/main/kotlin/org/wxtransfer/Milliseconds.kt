package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** Rounds a fraction away from 0, so that a short time does not become 0, which means the default. */
internal fun Duration.toMillis(): Long {
    val whole = inWholeMilliseconds
    return if (whole.milliseconds == this || isInfinite()) whole else if (isPositive()) whole + 1 else whole - 1
}

/** The time for native code, a `uint32_t`: a time over 49 days becomes the longest one. A negative time stays negative. */
internal fun Long.toNativeMillis(): Long = coerceAtMost(0xFFFF_FFFF)
