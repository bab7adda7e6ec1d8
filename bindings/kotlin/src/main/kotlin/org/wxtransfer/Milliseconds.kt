package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** Rounds a fraction away from 0, so that a short time does not become 0, which means the default. */
internal fun Duration.toMillis(): Long {
    val whole = inWholeMilliseconds
    return if (whole.milliseconds == this || isInfinite()) whole else if (isPositive()) whole + 1 else whole - 1
}

/** The time as native code takes it. A time that does not fit becomes the longest one, 24 days. */
internal fun Long.toNativeMillis(): Int = coerceAtMost(Int.MAX_VALUE.toLong()).toInt()
