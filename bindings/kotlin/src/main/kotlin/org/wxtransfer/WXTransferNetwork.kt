package org.wxtransfer

/** The device's default network: `WxtNetwork` of the C interface. */
public class WXTransferNetwork private constructor(private val values: Builder) {
    /** [Builder.kind]. */
    public val kind: Kind get() = values.kind

    /** [Builder.metered]. */
    public val metered: Boolean get() = values.metered

    /** [Builder.roaming]. */
    public val roaming: Boolean get() = values.roaming

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** A copy with the values that [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferNetwork = toBuilder().apply(change).build()

    /** For logs. */
    override fun toString(): String =
        Redaction.text("WXTransferNetwork", "kind" to kind, "metered" to metered, "roaming" to roaming)

    /** Makes a [WXTransferNetwork]. */
    public class Builder(kind: Kind) : Cloneable {
        /** The kind of network. Only [Kind.NONE] stops transfers. The other kinds differ only in the log. */
        @set:JvmSynthetic public var kind: Kind = kind
        public fun setKind(kind: Kind): Builder = apply { this.kind = kind }

        /** Set to `true` if the user pays by use or wants to save data. Default: `false`. */
        @set:JvmSynthetic public var metered: Boolean = false
        public fun setMetered(metered: Boolean): Builder = apply { this.metered = metered }

        /** Set to `true` if the network belongs to another operator than the user's own. Counts as metered. Default: `false`. */
        @set:JvmSynthetic public var roaming: Boolean = false
        public fun setRoaming(roaming: Boolean): Builder = apply { this.roaming = roaming }

        /** Makes the object from the current values. */
        public fun build(): WXTransferNetwork = WXTransferNetwork(clone())

        public override fun clone(): Builder = super.clone() as Builder
    }

    /** The kind of a network, `WXT_NETWORK_…` of the C interface. */
    public enum class Kind(
        /** The number in the C interface. */
        public val value: Int,
    ) {
        /** Any other network, such as Ethernet. */
        OTHER(0),

        /** There is no network. */
        NONE(1),

        /** Wi-Fi. */
        WIFI(2),

        /** A mobile operator's network. */
        CELLULAR(3),
    }
}

/** Makes a [WXTransferNetwork] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferNetwork(
    kind: WXTransferNetwork.Kind,
    set: WXTransferNetwork.Builder.() -> Unit = {},
): WXTransferNetwork = WXTransferNetwork.Builder(kind).apply(set).build()
