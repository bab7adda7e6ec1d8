package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** Rounds away from 0, which stands for a default. */
internal fun Duration.toMillis(): Long {
    val whole = inWholeMilliseconds
    return if (whole.milliseconds == this || isInfinite()) whole else if (isPositive()) whole + 1 else whole - 1
}

/** As native code takes it. What is longer than 24 days is as good as that. */
internal fun Long.toNativeMillis(): Int = coerceAtMost(Int.MAX_VALUE.toLong()).toInt()
