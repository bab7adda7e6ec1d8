package android.database

import java.io.Closeable

/** As much of Android's interface as is used here. */
interface Cursor : Closeable {
    fun moveToFirst(): Boolean

    fun isNull(columnIndex: Int): Boolean

    fun getString(columnIndex: Int): String?
}
