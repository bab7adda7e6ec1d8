package org.wxtransfer

import kotlin.io.encoding.Base64
import org.json.JSONArray
import org.json.JSONObject

/** The file calls of a page. Each turns the `options` of its message into the `result` of its `success`, without `errMsg`. */
internal class WXTransferJavaScriptFiles(private val session: WXTransferSession) {
    private val files = session.files.blocking

    /** The call that [api] names, or `null` if it is not a file call. */
    fun call(api: String): ((JSONObject) -> JSONObject)? = when (api) {
        "access" -> { options -> done { files.access(options.path("path")) } }
        "stat" -> { options ->
            val path = options.path("path")
            val stats = if (options.flag("recursive")) files.statRecursive(path) else listOf(files.stat(path))
            JSONObject().put("stats", json(stats))
        }
        "unlink" -> { options -> done { files.unlink(options.path("filePath")) } }
        "copyFile" -> { options -> done { files.copy(options.path("srcPath"), options.path("destPath")) } }
        "rename" -> { options -> done { files.rename(options.path("oldPath"), options.path("newPath")) } }
        "mkdir" -> { options ->
            done { files.makeDirectory(options.path("dirPath"), options.flag("recursive")) }
        }
        "rmdir" -> { options ->
            done { files.removeDirectory(options.path("dirPath"), options.flag("recursive")) }
        }
        "readdir" -> { options ->
            JSONObject().put("files", JSONArray(files.listDirectory(options.path("dirPath"))))
        }
        "getFileInfo" -> { options ->
            val info = files.info(options.path("filePath"), options.digestAlgorithm())
            JSONObject().put("size", info.size).put("digest", info.digest)
        }
        "readFile" -> { options ->
            val isText = options.isText()
            val position = options.count("position", 0, WXTransferErrno.POSITION_OUT_OF_RANGE)
            val length = options.count("length", 1, WXTransferErrno.LENGTH_OUT_OF_RANGE)
            val content = files.read(options.path("filePath"), position, length)
            JSONObject().put("data", if (isText) content.decodeToString() else Base64.encode(content))
        }
        "writeFile" -> { options -> done { write(options, WXTransferWriteMode.WHOLE) } }
        "appendFile" -> { options -> done { write(options, WXTransferWriteMode.APPEND) } }
        "saveFile" -> { options ->
            val file = files.saveFile(options.path("tempFilePath"), options.text("filePath"))
            JSONObject().put("savedFilePath", file.filePath)
        }
        "getSavedFileList" -> { _ ->
            JSONObject().put("fileList", JSONArray(files.getSavedFileList().map(::savedFile)))
        }
        "getSavedFileInfo" -> { options ->
            val file = files.getSavedFileInfo(options.path("filePath"))
            JSONObject().put("size", file.size).put("createTime", file.createTime)
        }
        "removeSavedFile" -> { options -> done { files.removeSavedFile(options.path("filePath")) } }
        else -> null
    }

    private fun write(options: JSONObject, mode: WXTransferWriteMode) {
        val isText = options.isText()
        val data = options.text("data") ?: throw invalid("data")
        val content = if (isText) data.encodeToByteArray() else fromBase64(data)
        files.write(options.path("filePath"), content, mode, 0)
    }
}

private fun done(operation: () -> Unit): JSONObject {
    operation()
    return JSONObject()
}

/** A path parameter. A missing one becomes empty, which the library refuses. */
private fun JSONObject.path(name: String): String = text(name).orEmpty()

private fun JSONObject.flag(name: String): Boolean = if (has(name)) opt(name) as? Boolean ?: throw invalid(name) else false

/** A number of bytes, at least [least]; 0 if it is missing. JSON does not distinguish 1.0 from 1. */
private fun JSONObject.count(name: String, least: Long, errno: Int): Long {
    if (!has(name)) return 0
    val number = (opt(name) as? Number)?.toDouble() ?: -1.0
    val count = number.toLong()
    if (count.toDouble() != number || count !in least..LARGEST) throw MalformedException("value of $name is out of range", errno)
    return count
}

/** The largest whole number that every JSON parser represents exactly. */
private const val LARGEST = 0x1fffffffffffff

private fun invalid(name: String) = MalformedException("Invalid argument $name", WXTransferErrno.INVALID_ARGUMENT)

private fun JSONObject.isText(): Boolean = when (opt("encoding")) {
    "utf8" -> true
    "base64" -> false
    else -> throw invalid("encoding")
}

private fun JSONObject.digestAlgorithm(): WXTransferDigestAlgorithm =
    WXTransferDigestAlgorithm.entries.find { it.name.lowercase() == opt("digestAlgorithm") }
        ?: throw invalid("digestAlgorithm")

private fun fromBase64(text: String): ByteArray = try {
    Base64.decode(text)
} catch (_: IllegalArgumentException) {
    throw MalformedException("base64 encode error", BASE64_ENCODE_ERROR)
}

/** A number of WeChat's table of file failures (`FileError`). The library itself reads no base64. */
private const val BASE64_ENCODE_ERROR = 1300203

/** One `Stats`, or for a directory with `recursive` a list of entries with paths. */
private fun json(stats: List<WXTransferFileStats>): Any {
    val all = stats.map { entry ->
        val json = JSONObject()
            .put("mode", entry.mode)
            .put("size", entry.size)
            .put("lastAccessedTime", entry.lastAccessedTime)
            .put("lastModifiedTime", entry.lastModifiedTime)
        entry.path?.let { JSONObject().put("path", it).put("stats", json) } ?: json
    }
    return if (stats.first().path == null) all.first() else JSONArray(all)
}

private fun savedFile(file: WXTransferFileInfo): JSONObject =
    JSONObject().put("filePath", file.filePath).put("size", file.size).put("createTime", file.createTime)
