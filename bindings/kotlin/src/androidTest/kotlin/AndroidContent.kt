package android.content

import android.database.Cursor
import android.net.Uri
import android.os.ParcelFileDescriptor

/** The part of Android's class that the tests need. */
open class Context {
    open fun getClassLoader(): ClassLoader? = Context::class.java.classLoader

    open fun getContentResolver(): ContentResolver = throw UnsupportedOperationException()
}

/** The part of Android's class that the tests need. */
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
