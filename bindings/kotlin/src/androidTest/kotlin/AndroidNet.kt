package android.net

/** As much of Android's class as is used here. */
data class Uri(private val text: String) {
    override fun toString(): String = text
}
