package android.content

import android.database.Cursor
import android.net.Uri
import android.os.ParcelFileDescriptor

/** As much of Android's class as is used here. */
open class Context {
    open fun getClassLoader(): ClassLoader? = Context::class.java.classLoader

    open fun getContentResolver(): ContentResolver = throw UnsupportedOperationException()
}

/** As much of Android's class as is used here. */
abstract class ContentResolver {
    abstract fun openFileDescriptor(uri: Uri, mode: String): ParcelFileDescriptor?

    abstract fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        selectionArgs: Array<String>?,
        sortOrder: String?,
    ): Cursor?
}
