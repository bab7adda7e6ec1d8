package org.wxtransfer

/** The network that the device uses by default: `WxtNetwork` of the C interface. */
public data class WXTNetwork(
    /** What it is. Only [WXTNetworkKind.NONE] is treated in another way. */
    val kind: WXTNetworkKind,
    /** It is paid for by its use, or the user wants to save it. */
    val metered: Boolean = false,
    /** It is another operator's than the user's own. It counts as metered. */
    val roaming: Boolean = false,
)

/** What a network is, `WXT_NETWORK_…` of the C interface. */
public enum class WXTNetworkKind(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** Any other network, such as a cable. */
    OTHER(0),

    /** There is no network. */
    NONE(1),

    /** Wi-Fi. */
    WIFI(2),

    /** A mobile operator's network. */
    CELLULAR(3),
}
