package org.wxtransfer

import java.io.File
import java.lang.reflect.Modifier
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test

/** Constants, fields and functions of the Kotlin library match the header. */
class ContractTest {
    private val header = File(property("wxtransfer.root"), "include/wxtransfer.h").readText()
    private val defines = Regex("""#define (WXT_\w+) (\d+)""").findAll(header)
        .associate { it.groupValues[1] to it.groupValues[2].toInt() }

    private fun defined(prefix: String) = defines.filterKeys { it.startsWith(prefix) }.mapKeys { it.key.removePrefix(prefix) }

    @Test
    fun `every constant of the header is known`() {
        val errno = WXTransferErrno::class.java.declaredFields.filter { it.type == Int::class.java }
            .associate { it.name to it.getInt(null) }
        assertEquals(defined("WXT_ERRNO_"), errno)
        assertEquals(defined("WXT_CATEGORY_"), (WXTransferCategory.entries - WXTransferCategory.UNKNOWN).associate { it.name to it.value })
        assertEquals(defined("WXT_PLATFORM_"), WXTransferPlatform.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_PATHS_"), WXTransferPathPolicy.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_LAN_"), WXTransferLanPolicy.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_RESUME_"), WXTransferResume.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_LOG_"), WXTransferLogLevel.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_API_"), WXTransferApi.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_IMPORT_"), WXTransferImportMode.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_METHOD_"), WXTransferMethod.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_DIGEST_"), WXTransferDigestAlgorithm.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_NETWORK_"), WXTransferNetwork.Kind.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_SCHEME_"), WXTransferSignatureScheme.entries.associate { it.name to it.value })
        assertEquals(defined("WXT_WRITE_"), WXTransferWriteMode.entries.associate { it.name to it.value })
        val statuses = (WXTransferStatus.entries - WXTransferStatus.UNKNOWN).associate { it.name to it.value }
        val sharing = WXTransferStorageSharing.entries.associate { it.name to it.value }
        assertEquals(sharing, defined("WXT_STORAGE_").filterKeys { "STORAGE_$it" !in statuses })
        val prefixes = listOf(
            "API", "ERRNO", "CATEGORY", "PLATFORM", "PATHS", "LAN", "RESUME", "LOG", "IMPORT", "DIGEST", "NETWORK", "WRITE", "METHOD",
            "SCHEME",
        )
            .map { "WXT_${it}_" }
        val others = defines.filterKeys { name -> prefixes.none(name::startsWith) }.mapKeys { it.key.removePrefix("WXT_") }
        assertEquals(statuses, others.filterKeys { it.removePrefix("STORAGE_") !in sharing })
    }

    @Test
    fun `a number without a name is kept`() {
        val failure = WXTransferFailure("uploadFile:fail", WXTransferErrno.NETWORK, 99, "", false, null, 1, 0)
        assertEquals(WXTransferCategory.UNKNOWN to 99, failure.category to failure.categoryValue)
        val status = WXTransferStatusException(99)
        assertEquals(WXTransferStatus.UNKNOWN to 99, status.status to status.statusValue)
        assertTrue(defines.values.none { it == 99 }, "the header has no such number")
    }

    /** The fields of a struct, without those that only C needs. */
    private fun fields(struct: String): List<String> {
        val body = header.substringBefore("} $struct;").substringAfterLast("typedef struct {")
        val code = body.replace(Regex("""/\*.*?\*/""", RegexOption.DOT_MATCHES_ALL), "")
        return Regex("""(?:\(\*(\w+)\)\([^;]*|(\w+));""").findAll(code)
            .filterNot { "size_t ${it.groupValues[2]};" in code }
            .map { it.groupValues[1].ifEmpty { it.groupValues[2] } }
            .map { it.replace("_", "").lowercase() }
            .toList()
    }

    /** The properties of a class, or of the builder that has its values. In C all times are milliseconds. */
    private fun properties(vararg classes: Class<*>): List<String> = classes
        .map { type -> type.declaredFields.singleOrNull { it.name == "values" }?.type ?: type }
        .flatMap { type -> type.declaredFields.filterNot { Modifier.isStatic(it.modifiers) } }
        .map { it.name.removeSuffix("Millis").replace("_", "").lowercase() }
        .distinct()

    @Test
    fun `every field of a struct is a property`() {
        fun same(struct: String, vararg classes: Class<*>) =
            assertEquals(fields(struct).sorted(), properties(*classes).sorted(), struct)
        same("WxtSessionOptions", WXTransferSessionOptions::class.java)
        same("WxtPin", WXTransferPin::class.java)
        same("WxtDownloadRequest", WXTransferDownloadRequest::class.java)
        same("WxtHeadersReceived", WXTransferHeadersReceived::class.java)
        same("WxtProgress", WXTransferProgress::class.java)
        same("WxtSuccess", WXTransferUploadSuccess::class.java, WXTransferDownloadSuccess::class.java)
        // Kotlin keeps the number of the category, and computes the category from it.
        val failure = fields("WxtFailure") - "category" + "categoryvalue"
        assertEquals(failure.sorted(), properties(WXTransferFailure::class.java).sorted())
        same("WxtFileInfo", WXTransferFileInfo::class.java)
        same("WxtFileStats", WXTransferFileStats::class.java)
        // In Kotlin an absent descriptor is null.
        val upload = fields("WxtUploadRequest") - "hasfiledescriptor"
        assertEquals(upload.sorted(), properties(WXTransferUploadRequest::class.java).sorted())
        val part = fields("WxtUploadPart") - "hasfiledescriptor"
        assertEquals(part.sorted(), properties(WXTransferUploadPart::class.java).sorted())
        val callbacks = WXTransferCallbacks::class.java.declaredMethods.filterNot { it.isSynthetic }.map { it.name.lowercase() }
        // In C a callback that is NULL is not called, so `wantsTraces` has no field.
        assertEquals((fields("WxtCallbacks") - listOf("userdata", "release")).sorted(), (callbacks - "getwantstraces").sorted())
        same("WxtTrace", WXTransferTrace::class.java)
        same("WxtSessionStatistics", WXTransferSessionStatistics::class.java)
        same("WxtUrlCheck", WXTransferUrlCheck::class.java)
        assertTrue(fields("WxtProfile").size >= 29, "the parser finds them all")
        assertEquals(fields("WxtProfile").sorted(), properties(WXTransferProfile::class.java).sorted())
    }

    @Test
    fun `every function is called`() {
        val functions = Regex("""^[\w ]+[ *](wxt_\w+)\(""", RegexOption.MULTILINE).findAll(header)
            .filterNot { it.value.startsWith("static") }
            .map { it.groupValues[1] }
            // Android's function is in a class of its own. In Kotlin headers are a list.
            .filterNot { it.startsWith("wxt_android_") || it == "wxt_header_find" }
            .map { it.removePrefix("wxt_").replace("_", "").lowercase() }
            .toList()
        assertTrue(functions.size >= 16, "$functions")
        val natives = Native::class.java.declaredMethods.filter { Modifier.isNative(it.modifiers) }.map { it.name.lowercase() }
        assertEquals(functions.sorted(), (natives - "runjob").sorted())
    }

    private fun source(path: String) = File(property("wxtransfer.root"), "bindings/kotlin/$path").readText()

    /** The JVM checks types only, and would not notice two numbers that are swapped. */
    @Test
    fun `native functions take their parameters in Kotlin's order`() {
        fun names(parameters: String) = Regex("""(?:mut )?(\w+):""").findAll(parameters).map { it.groupValues[1] }.toList()
        val kotlin = Regex("""external fun (\w+)\(([^)]*)\)""").findAll(source("src/main/kotlin/org/wxtransfer/Native.kt"))
            .associate { it.groupValues[1] to names(it.groupValues[2]) }
        val rust = listOf("check", "file_system", "files", "hooks", "info", "network", "session", "statistics", "task")
            .flatMap { Regex("""Native_(\w+)<'local>\(([^)]*)\)""").findAll(source("jni/src/$it.rs")) }
            .associate { match ->
                val camel = names(match.groupValues[2]).map { name -> Regex("_(.)").replace(name) { it.groupValues[1].uppercase() } }
                // The first two are the environment and the class.
                match.groupValues[1] to camel.drop(2)
            }
        assertTrue(kotlin.size >= 18 && kotlin.getValue("sessionOpen").size == 21, "the parser finds them all")
        // In Rust, the parameter of an object that native code calls is named `target`.
        val targets = setOf("hooks", "callbacks", "result")
        assertEquals(kotlin.mapValues { (_, names) -> names.map { if (it in targets) "target" else it } }, rust)
    }

    /** The fields of a struct, in the order in which Rust puts them into an array. */
    private fun inRust(piece: String): List<String> {
        val array = source("jni/src/structs.rs").substringAfter("// Generated from wxtransfer.h: $piece\n").substringBefore("// Generated until here")
        return Regex("""value\.(\w+)""").findAll(array).map { it.groupValues[1] }.toList()
    }

    @Test
    fun `each number of a profile has its own name`() {
        // The numbers that Rust writes into the array, and then those that Kotlin reads from it.
        val inRust = inRust("numbers WxtProfile").map { it.replace("_", "") }
        assertEquals(listOf("peer_ip", "protocol"), inRust("texts WxtProfile"))
        val numbers = LongArray(inRust.size) { 100L + it }
        val profile = WXTransferProfile.of(numbers, listOf(null, null))!!
        for ((index, name) in inRust.withIndex()) {
            val field = WXTransferProfile::class.java.declaredFields.single { it.name.replace("_", "").lowercase() == name }
            field.isAccessible = true
            when (val value = field.get(profile)) {
                is Number -> assertEquals(numbers[index], value.toLong(), name)
                else -> assertEquals(true, value, name)
            }
        }
        // The values that the page receives.
        val named = WXTransferProfile.of(numbers, listOf("a", "b"))!!
        val json = named.json()
        for (field in WXTransferProfile::class.java.declaredFields.filterNot { Modifier.isStatic(it.modifiers) }) {
            field.isAccessible = true
            val text = mapOf("peerIP" to "a", "protocol" to "b")[field.name]
            assertEquals((text ?: field.get(profile)).toString(), json.get(field.name).toString(), field.name)
        }
        assertEquals(fields("WxtProfile").size, json.length())
        // Absent values are left out.
        val absent = WXTransferProfile.of(LongArray(numbers.size) { -1 }, listOf(null, null))!!.json()
        val times = setOf("invokeStart", "queueStart", "queueEnd")
        val network = setOf("rtt", "httpRttEstimate", "transportRttEstimate", "throughputKbps", "downstreamThroughputKbpsEstimate")
        assertEquals(times + network + setOf("peerIP", "protocol"), json.keySet() - absent.keySet())
        assertNull(WXTransferProfile.of(null, emptyList()))
        val texts = listOf("peerip", "protocol")
        assertEquals((fields("WxtProfile") - texts).sorted(), inRust.sorted())
    }

    /** Calls each setter of [builder] with a value of its own, and compares them with the properties of what [build] makes. */
    private fun eachValueHasItsOwnName(structure: String, builder: Any, build: () -> Any) {
        val properties = builder.javaClass.declaredFields.onEach { it.isAccessible = true }
        for ((index, field) in properties.withIndex()) {
            val value: Any = when (field.type) {
                String::class.java -> "text $index"
                Int::class.java -> index
                Boolean::class.java -> true
                else -> 100L + index
            }
            val setter = builder.javaClass.declaredMethods
                .single { it.name == "set" + field.name.replaceFirstChar(Char::uppercase) && it.returnType != Void.TYPE }
            setter.invoke(builder, value)
            assertEquals(value, field.get(builder), field.name)
        }
        val made = build()
        for (field in properties) {
            val property = made.javaClass.getDeclaredField(field.name)
            property.isAccessible = true
            assertEquals(field.get(builder), property.get(made), field.name)
        }
        assertEquals(fields(structure).size, properties.size)
    }

    @Test
    fun `each value of a profile that a test makes has its own name`() {
        val builder = WXTransferProfile.Builder()
        eachValueHasItsOwnName("WxtProfile", builder, builder::build)
        // The defaults are those of the library.
        val empty = WXTransferProfile()
        assertEquals(listOf<Any?>(null, 0L, null, false), listOf(empty.rtt, empty.fetchStart, empty.peerIP, empty.socketReused))
    }

    @Test
    fun `each number of statistics that a test makes has its own name`() {
        val builder = WXTransferSessionStatistics.Builder()
        eachValueHasItsOwnName("WxtSessionStatistics", builder, builder::build)
        assertEquals(0, WXTransferSessionStatistics().tasksStarted)
    }

    @Test
    fun `each number of a session's statistics has its own name`() {
        val inRust = inRust("numbers WxtSessionStatistics").map { it.replace("_", "") }
        assertEquals(WXTransferSessionStatistics.COUNT, inRust.size)
        val statistics = WXTransferSessionStatistics(LongArray(inRust.size) { 100L + it })
        for ((index, name) in inRust.withIndex()) {
            val field = WXTransferSessionStatistics::class.java.declaredFields.single { it.name.lowercase() == name }
            field.isAccessible = true
            assertEquals(100L + index, field.get(statistics), name)
        }
    }

    @Test
    fun `the shrinker keeps the classes that native code finds by name`() {
        val rules = source("consumer-rules.pro")
        val found = Regex("""jni_str!\("org/wxtransfer/(\w+)"\)""").findAll(source("jni/src/classes.rs")).map { it.groupValues[1] }
        assertEquals(4, found.count())
        for (name in found) assertTrue("-keep class org.wxtransfer.$name { <methods>; }" in rules, name)
        val verifier = File(property("wxtransfer.root"), "src/platform/trust_store/android.rs").readText()
        val type = verifier.substringAfter("const CLASS: &str = \"").substringBefore('"')
        val method = verifier.substringAfter("const METHOD: &JNIStr = jni_str!(\"").substringBefore('"')
        assertTrue("-keep class $type { static byte[] $method(byte[][], java.lang.String); }" in rules, "$type.$method")
        val natives = Regex("""Java_org_wxtransfer_([A-Za-z]+)_""")
            .findAll(File(property("wxtransfer.root"), "bindings/kotlin/jni/src").listFiles()!!.joinToString { it.readText() })
            .map { it.groupValues[1] }.toSet()
        assertEquals(setOf("Native", "NativeAndroid"), natives)
        assertTrue("class org.wxtransfer.Native* {\n    native <methods>;" in rules)
    }

    /** A compiler can read the metadata of the version after its own. So Kotlin 2.1 and newer can read these classes. */
    @Test
    fun `the classes are readable for Kotlin 2 point 1`() {
        val version = WXTransferSession::class.java.getAnnotation(Metadata::class.java).metadataVersion.toList()
        assertEquals(listOf(2, 2), version.take(2))
    }

    /** Crash reports show the names. */
    @Test
    fun `the shrinker keeps the names of exceptions`() {
        assertTrue("-keepnames class * extends org.wxtransfer.WXTransferException" in source("consumer-rules.pro"))
        for (type in listOf(WXTransferStatusException::class, WXTransferFailure::class)) {
            assertEquals(WXTransferException::class.java, type.java.superclass)
        }
    }

    @Test
    fun `everything public is documented`() {
        val root = File(property("wxtransfer.root"), "bindings/kotlin/src")
        val sources = listOf("main", "android", "testing").flatMap { File(root, it).walkTopDown() }.filter { it.extension == "kt" }
        assertTrue(sources.size >= 10, "only $sources")
        for (source in sources) {
            val lines = source.readLines()
            lines.forEachIndexed { index, line ->
                if (Regex("""^\s*(@set:JvmSynthetic )?public (?!constructor|override)""").containsMatchIn(line)) {
                    val before = lines.take(index).last { it.isNotBlank() && !it.trim().startsWith("@") || "public" in it }.trim()
                    // A setter of a builder follows its property, and has the property's documentation.
                    val isSetter = "): Builder =" in line && before.startsWith("@set:JvmSynthetic public var")
                    assertTrue(isSetter || before.endsWith("*/"), "${source.name}:${index + 1} has no documentation")
                }
            }
        }
    }

    /** Java can catch a checked exception only where it is declared. */
    @Test
    fun `everything that throws declares it`() {
        val harmless = setOf("getFiles", "getBlocking", "getVersion")
        val types = listOf(
            WXTransferSession::class.java, WXTransfers::class.java, WXTransferFiles::class.java, WXTransferBlockingFiles::class.java,
        )
        for (type in types) {
            val methods = type.declaredMethods.filter { Modifier.isPublic(it.modifiers) && !it.isSynthetic && it.name !in harmless }
            assertTrue(methods.size > 8, "$methods")
            for (method in methods) {
                val thrown = method.exceptionTypes.singleOrNull()
                assertTrue(thrown != null && WXTransferException::class.java.isAssignableFrom(thrown), "$method")
            }
        }
        val opening = WXTransferSession::class.java.constructors.single().exceptionTypes
        assertEquals(WXTransferStatusException::class.java, opening.single())
    }
}
