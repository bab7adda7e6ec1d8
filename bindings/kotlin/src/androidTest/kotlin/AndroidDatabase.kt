package android.database

import java.io.Closeable

/** The part of Android's interface that the tests need. */
interface Cursor : Closeable {
    fun moveToFirst(): Boolean

    fun isNull(columnIndex: Int): Boolean

    fun getString(columnIndex: Int): String?
}
