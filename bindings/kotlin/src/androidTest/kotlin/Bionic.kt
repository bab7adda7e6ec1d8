package org.wxtransfer

/** The functions of `bionic.c`. */
object Bionic {
    init {
        System.load(property("wxtransfer.bionic"))
    }

    /** Loads the library. Returns an error message, or `null`. */
    @JvmStatic
    external fun load(path: String): String?

    @JvmStatic
    external fun init(withEnvironment: Boolean, context: Any?): Int
}
