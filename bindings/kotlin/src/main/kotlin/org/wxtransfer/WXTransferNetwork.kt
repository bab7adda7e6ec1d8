package org.wxtransfer

/** The network that the device uses by default: `WxtNetwork` of the C interface. */
public class WXTransferNetwork private constructor(private val values: Builder) {
    /** [Builder.kind]. */
    public val kind: Kind get() = values.kind

    /** [Builder.metered]. */
    public val metered: Boolean get() = values.metered

    /** [Builder.roaming]. */
    public val roaming: Boolean get() = values.roaming

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** The same with what [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferNetwork = toBuilder().apply(change).build()

    /** For logs. */
    override fun toString(): String =
        Redaction.text("WXTransferNetwork", "kind" to kind, "metered" to metered, "roaming" to roaming)

    /** Makes a [WXTransferNetwork]. */
    public class Builder(kind: Kind) : Cloneable {
        /** The kind of the network. Only [Kind.NONE] changes the library's behaviour; the others appear in the log. */
        @set:JvmSynthetic public var kind: Kind = kind
        public fun setKind(kind: Kind): Builder = apply { this.kind = kind }

        /** The user pays by use or wants to save data. */
        @set:JvmSynthetic public var metered: Boolean = false
        public fun setMetered(metered: Boolean): Builder = apply { this.metered = metered }

        /** The network belongs to another operator than the user's own. Counts as metered. */
        @set:JvmSynthetic public var roaming: Boolean = false
        public fun setRoaming(roaming: Boolean): Builder = apply { this.roaming = roaming }

        /** The values as they are set so far. */
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

/** A [WXTransferNetwork] with what [set] sets. */
@JvmSynthetic
public inline fun WXTransferNetwork(
    kind: WXTransferNetwork.Kind,
    set: WXTransferNetwork.Builder.() -> Unit = {},
): WXTransferNetwork = WXTransferNetwork.Builder(kind).apply(set).build()
