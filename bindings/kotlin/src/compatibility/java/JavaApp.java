import java.util.Collections;
import org.wxtransfer.WXTransferDownloadRequest;
import org.wxtransfer.WXTransferDownloadSuccess;
import org.wxtransfer.WXTransferPlatform;
import org.wxtransfer.WXTransferSessionOptions;
import org.wxtransfer.WXTransferUploadPart;
import org.wxtransfer.WXTransferUploadRequest;

/** The part of the app that is written in Java. */
final class JavaApp {
    static void main() {
        new WXTransferSessionOptions.Builder("wx0", "8.0.50", "/")
                .setPlatform(WXTransferPlatform.ANDROID)
                .setMaxTimeoutMillis(1000)
                .build()
                .toBuilder();
        WXTransferUploadRequest upload = new WXTransferUploadRequest.Builder("https://example.test/")
                .setParts(Collections.singletonList(new WXTransferUploadPart.Builder("a").setData(new byte[1]).build()))
                .addHeader("A", "b")
                .build();
        WXTransferDownloadRequest download = new WXTransferDownloadRequest.Builder(upload.getUrl()).build();
        WXTransferDownloadSuccess success = new WXTransferDownloadSuccess.Builder().setFilePath("wxfile://usr/a").build();
        if (!download.getUrl().equals(upload.getUrl()) || success.getStatusCode() != 200) {
            throw new AssertionError(success);
        }
    }
}
