package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** Rounds up: what is short does not become 0, which stands for a default. */
internal fun Duration.toMillis(): Long = inWholeMilliseconds.let { if (it.milliseconds < this && it < Long.MAX_VALUE) it + 1 else it }

/** As native code takes it. What is longer than 24 days is as good as that. */
internal fun Long.toNativeMillis(): Int = coerceAtMost(Int.MAX_VALUE.toLong()).toInt()
