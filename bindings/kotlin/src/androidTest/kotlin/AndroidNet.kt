package android.net

/** The part of Android's class that the tests need. */
data class Uri(private val text: String) {
    override fun toString(): String = text
}
