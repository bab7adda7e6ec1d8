package com.example.host

import android.net.ConnectivityManager

/** A stand-in for the function of Android 7 (API 24), because the tests compile the guide against the classes of Android 6. */
@Suppress("UNUSED_PARAMETER", "UnusedReceiverParameter")
internal fun ConnectivityManager.registerDefaultNetworkCallback(callback: ConnectivityManager.NetworkCallback): Unit = Unit
