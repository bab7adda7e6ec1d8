package android.content

/** As much of Android's class as is used here. */
open class Context {
    open fun getApplicationContext(): Context = this

    open fun getClassLoader(): ClassLoader? = Context::class.java.classLoader
}
