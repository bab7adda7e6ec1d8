package org.wxtransfer

/**
 * The forms of values that a `toString` may show. Apps print requests and options into logs and crash reports, so the rules are those of the
 * library's own log: URLs without user-info, query and fragment; names of headers and form fields without their values;
 * bodies and credentials by their length only.
 */
internal object Redaction {
    /** Scheme, host and port, without user-info (RFC 3986 section 3.2). */
    private const val ORIGIN =
        """([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#\\]*@)?([^/?#\\@:\s\p{Cc}]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?"""
    private val URL = Regex("""(?s)$ORIGIN(/[^?#\p{Cc}]*)?(?:[?#].*)?""")
    private val PROXY = Regex("""$ORIGIN/?""")

    /** `TypeName(name=value, …)`. */
    fun text(type: String, vararg properties: Pair<String, Any?>): String =
        properties.joinToString(prefix = "$type(", postfix = ")") { (name, value) -> "$name=$value" }

    /** A text of another form may contain a secret anywhere, so only its length is shown. */
    fun url(text: String): String = parts(URL, text)

    /** As [url], but without a path and query. A proxy has neither: a text that looks like one may be part of a password. */
    fun proxy(text: String?): String? = text?.let { parts(PROXY, it) }

    fun names(pairs: List<Pair<String, String>>): List<String> = pairs.map { it.first }

    fun length(text: String?): String? = text?.let { "<${it.length} characters>" }

    fun length(bytes: ByteArray?): String? = bytes?.let { "<${it.size} bytes>" }

    /** For objects that the app provides, whose own `toString` may contain anything. */
    fun presence(value: Any?): String? = value?.let { "<set>" }

    private fun parts(form: Regex, text: String): String =
        form.matchEntire(text)?.groupValues?.drop(1)?.joinToString("") ?: "<${text.length} characters>"
}
