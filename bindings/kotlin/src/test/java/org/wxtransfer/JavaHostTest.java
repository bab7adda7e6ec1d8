package org.wxtransfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wxtransfer.testing.WXTransferFakeFailure;
import org.wxtransfer.testing.WXTransferFakeSession;
import org.wxtransfer.testing.WXTransferFakeTransfer;

/** The calls of the guide, from a host that is written in Java. */
class JavaHostTest {
    @TempDir Path directory;

    private final String plain = TestServer.INSTANCE.getPlain();
    private final String stalled = TestServer.INSTANCE.getFaultPlain() + "/fault/stall-in-body";

    private WXTransferSessionOptions.Builder options() {
        return new WXTransferSessionOptions.Builder("wx0123456789abcdef", "8.0.50", directory.resolve("data").toString())
                .setAllowPlainHttp(true)
                .setLanPolicy(WXTransferLanPolicy.ALL_LOCAL)
                .setRootCertificates(TestServer.INSTANCE.getCertificates());
    }

    /** Callbacks that keep their arguments, and complete futures. */
    private static final class Events<S extends WXTransferSuccess> implements WXTransferCallbacks<S> {
        final List<String> order = Collections.synchronizedList(new ArrayList<>());
        final BlockingQueue<WXTransferProgress> progress = new LinkedBlockingQueue<>();
        final CompletableFuture<WXTransferHeadersReceived> headers = new CompletableFuture<>();
        final CompletableFuture<S> result = new CompletableFuture<>();
        final CompletableFuture<WXTransferFailure> failure = new CompletableFuture<>();
        final CompletableFuture<Void> complete = new CompletableFuture<>();

        @Override
        public void onHeadersReceived(WXTransferHeadersReceived event) {
            headers.complete(event);
        }

        @Override
        public void onProgress(WXTransferProgress event) {
            progress.add(event);
        }

        @Override
        public void onSuccess(S success) {
            order.add("success");
            result.complete(success);
        }

        @Override
        public void onFail(WXTransferFailure event) {
            order.add("fail");
            failure.complete(event);
        }

        @Override
        public void onComplete() {
            order.add("complete");
            complete.complete(null);
        }
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(SupportKt.WAIT_LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void an_upload_has_progress_headers_and_an_answer() throws Exception {
        ExecutorService main = Executors.newSingleThreadExecutor(run -> new Thread(run, "java-main"));
        CompletableFuture<String> thread = new CompletableFuture<>();
        try (WXTransferSession session = new WXTransferSession(options().setExecutor(main).build())) {
            byte[] photo = SupportKt.pattern(100_000);
            Path file = Files.write(directory.resolve("photo.jpg"), photo);
            WXTransferFileInfo temporary = session.getFiles().getBlocking().importFile(file.toString());
            WXTransferUploadRequest request =
                    new WXTransferUploadRequest.Builder(plain + "/upload")
                            .setFilePath(temporary.getFilePath())
                            .setName("file")
                            .addHeader("X-Mine", "a")
                            .addFormData("user", "test")
                            .setTimeoutMillis(50_000)
                            .build();
            Events<WXTransferUploadSuccess> events = new Events<>();
            session.uploadFile(request, events);
            main.execute(() -> thread.complete(Thread.currentThread().getName()));
            WXTransferUploadSuccess success = await(events.result);
            await(events.complete);
            assertEquals(200, success.getStatusCode());
            JSONObject seen = new JSONObject(success.getData());
            assertEquals(photo.length, seen.getJSONArray("files").getJSONObject(0).getInt("length"));
            assertEquals(200, await(events.headers).getStatusCode());
            assertNotNull(events.headers.get().get("content-type"));
            assertFalse(events.progress.isEmpty());
            assertEquals(List.of("success", "complete"), events.order);
            assertEquals("java-main", await(thread));
            assertTrue(success.getProfile().getSendBytesCount() > photo.length);
        } finally {
            main.shutdown();
        }
    }

    @Test
    void a_download_is_saved_and_found_again() throws Exception {
        try (WXTransferSession session = new WXTransferSession(options().build())) {
            session.prepare(plain);
            Events<WXTransferDownloadSuccess> events = new Events<>();
            session.downloadFile(new WXTransferDownloadRequest.Builder(plain + "/bytes/1000").setWantSha256(true).build(), events);
            WXTransferDownloadSuccess success = await(events.result);
            assertEquals(1000, success.getDataLength());
            assertEquals(64, success.getSha256().length());
            WXTransferBlockingFiles files = session.getFiles().getBlocking();
            WXTransferFileInfo saved = files.saveFile(success.getTempFilePath());
            assertArrayEquals(SupportKt.pattern(1000), Files.readAllBytes(Path.of(saved.getNativePath())));
            assertEquals(Collections.singletonList(saved.getFilePath()), List.of(files.getSavedFileList().get(0).getFilePath()));
            assertEquals(1000, files.getSavedFileInfo(saved.getFilePath()).getSize());
            files.removeSavedFile(saved.getFilePath());
            assertTrue(files.getSavedFileList().isEmpty());
        }
    }

    @Test
    void every_file_call_waits_for_the_disk() throws Exception {
        try (WXTransferSession session = new WXTransferSession(options().build())) {
            WXTransferBlockingFiles files = session.getFiles().getBlocking();
            byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
            files.makeDirectory("wxfile://usr/a");
            files.makeDirectory("wxfile://usr/a/b/c", true);
            files.write("wxfile://usr/a/x", hello);
            files.write("wxfile://usr/a/x", hello, WXTransferWriteMode.APPEND);
            files.write("wxfile://usr/a/x", hello, WXTransferWriteMode.AT_POSITION, 10);
            assertEquals("hellohellohello", new String(files.read("wxfile://usr/a/x"), StandardCharsets.UTF_8));
            assertEquals("hel", new String(files.read("wxfile://usr/a/x", 5, 3), StandardCharsets.UTF_8));
            assertEquals(15, files.stat("wxfile://usr/a/x").getSize());
            assertEquals(4, files.statRecursive("wxfile://usr/a").size());
            assertEquals(15, files.info("wxfile://usr/a/x").getSize());
            assertEquals(64, files.info("wxfile://usr/a/x", WXTransferDigestAlgorithm.SHA256).getDigest().length());
            files.copy("wxfile://usr/a/x", "wxfile://usr/y");
            files.rename("wxfile://usr/y", "wxfile://usr/z");
            files.access("wxfile://usr/z");
            assertEquals(List.of("a", "z"), files.listDirectory("wxfile://usr"));
            files.unlink("wxfile://usr/z");
            files.removeDirectory("wxfile://usr/a", true);
            WXTransferFileInfo bytes = files.importData(hello, "a.txt");
            assertTrue(bytes.getFilePath().endsWith(".txt"));
            assertEquals(5, files.resolvePath(bytes.getFilePath()).getSize());
            files.discardPartials();
            WXTransferFailure missing = assertThrows(WXTransferFailure.class, () -> files.access("wxfile://usr/z"));
            assertEquals(WXTransferErrno.FILE_NOT_FOUND, missing.getErrno());
        }
    }

    /** Tests that this compiles: a checked exception can be caught only if a method declares it. */
    @Test
    void exceptions_are_declared() {
        try (WXTransferSession session = new WXTransferSession(options().setAppId("").build())) {
            session.enterBackground();
            throw new AssertionError("an app without an appid");
        } catch (WXTransferStatusException refused) {
            assertEquals(WXTransferStatus.INVALID_ARGUMENT, refused.getStatus());
        }
        try (WXTransferSession session = new WXTransferSession(options().build())) {
            session.getFiles().getBlocking().unlink("wxfile://usr/none");
            throw new AssertionError("there is no such file");
        } catch (WXTransferFailure failure) {
            assertEquals(WXTransferCategory.FILE, failure.getCategory());
            assertTrue(failure.getErrMsg().startsWith("unlink:fail"), failure.getErrMsg());
        } catch (WXTransferException other) {
            throw new AssertionError(other);
        }
    }

    @Test
    void an_abort_and_a_failure_come_as_fail() throws Exception {
        try (WXTransferSession session = new WXTransferSession(options().build())) {
            Events<WXTransferDownloadSuccess> aborted = new Events<>();
            WXTransferTask<WXTransferDownloadSuccess> task =
                    session.downloadFile(new WXTransferDownloadRequest.Builder(stalled).build(), aborted);
            assertNotNull(aborted.progress.poll(SupportKt.WAIT_LIMIT_SECONDS, TimeUnit.SECONDS));
            assertTrue(task.abort());
            assertEquals(WXTransferErrno.ABORT_DOWNLOAD, await(aborted.failure).getErrno());
            await(aborted.complete);
            assertEquals(List.of("fail", "complete"), aborted.order);
            assertFalse(task.abort());

            Events<WXTransferUploadSuccess> refused = new Events<>();
            session.uploadFile(
                    new WXTransferUploadRequest.Builder("http://127.0.0.1:1/").setData(new byte[1]).setName("file").build(), refused);
            WXTransferFailure failure = await(refused.failure);
            assertEquals(WXTransferCategory.CONNECT, failure.getCategory());
            assertTrue(failure.getRetryable());
        }
    }

    @Test
    void trust_is_replaced() throws Exception {
        WXTransferDownloadRequest request = new WXTransferDownloadRequest.Builder(TestServer.INSTANCE.getTls() + "/bytes/5").build();
        try (WXTransferSession session = new WXTransferSession(options().build())) {
            Events<WXTransferDownloadSuccess> trusted = new Events<>();
            session.downloadFile(request, trusted);
            assertEquals(5, await(trusted.result).getDataLength());
            session.setTrust(
                    TestServer.INSTANCE.getCertificates(), Collections.singletonList(new WXTransferPin("localhost", new byte[32])));
            Events<WXTransferDownloadSuccess> refused = new Events<>();
            session.downloadFile(request, refused);
            assertEquals(WXTransferCategory.TLS, await(refused.failure).getCategory());
        }
    }

    @Test
    void a_client_certificate_signs_in_java() throws Exception {
        CompletableFuture<WXTransferSignatureScheme> asked = new CompletableFuture<>();
        WXTransferSigner signer = (scheme, message, signing) -> {
            asked.complete(scheme);
            signing.finish(null);
        };
        WXTransferClientCertificate certificate =
                new WXTransferClientCertificate.Builder(
                                TestServer.INSTANCE.file("client-ecdsa.pem"), Collections.singletonList("localhost"), signer)
                        .build();
        try (WXTransferSession session = new WXTransferSession(options().setClientCertificate(certificate).build())) {
            Events<WXTransferDownloadSuccess> events = new Events<>();
            session.downloadFile(new WXTransferDownloadRequest.Builder(TestServer.INSTANCE.getMutualTls() + "/bytes/5").build(), events);
            assertEquals(WXTransferSignatureScheme.ECDSA_P256_SHA256, await(asked));
            assertEquals(WXTransferCategory.TLS, await(events.failure).getCategory());
        }
    }

    @Test
    void rates_the_network_and_the_background_are_the_apps_to_say() throws Exception {
        List<String> log = Collections.synchronizedList(new ArrayList<>());
        WXTransferSessionOptions options =
                options().setMaxBytesPerSecond(1).setLogger((level, message) -> log.add(level + " " + message)).build();
        try (WXTransferSession session = new WXTransferSession(options)) {
            Events<WXTransferDownloadSuccess> events = new Events<>();
            WXTransferTask<WXTransferDownloadSuccess> task =
                    session.downloadFile(
                            new WXTransferDownloadRequest.Builder(plain + "/bytes/10000")
                                    .setPriority(1)
                                    .setMaxBytesPerSecond(1)
                                    .build(),
                            events);
            assertTrue(task.setMaxBytesPerSecond(0));
            session.setMaxBytesPerSecond(0);
            assertEquals(10_000, await(events.result).getDataLength());

            session.networkChanged(new WXTransferNetwork.Builder(WXTransferNetwork.Kind.CELLULAR).setMetered(true).build());
            Events<WXTransferDownloadSuccess> waits = new Events<>();
            session.downloadFile(new WXTransferDownloadRequest.Builder(plain + "/bytes/5").setNeedsUnmetered(true).build(), waits);
            session.enterBackground();
            session.enterForeground();
            assertEquals(1, session.statistics().getTasksWaiting());
            session.networkChanged(new WXTransferNetwork.Builder(WXTransferNetwork.Kind.WIFI).build());
            assertEquals(5, await(waits.result).getDataLength());

            WXTransferUrlCheck check = session.checkUrl(WXTransferApi.UPLOAD, "https://example.com/");
            assertFalse(check.getAllowed());
            assertEquals("upload_domains", check.getRule());
        }
        assertFalse(WXTransferSession.getVersion().isEmpty());
        assertFalse(log.toString().contains("Exception"), log.toString());
    }

    @Test
    void an_apps_test_has_the_fake() throws Exception {
        File downloads = directory.resolve("fake").toFile();
        try (WXTransferFakeSession session = new WXTransferFakeSession(downloads)) {
            WXTransfers transfers = session;
            session.answerNext(
                    WXTransferFakeTransfer.failure(WXTransferFakeFailure.TIMEOUT), WXTransferFakeTransfer.success("photo"));
            WXTransferDownloadRequest request = new WXTransferDownloadRequest.Builder("https://example.com/1.jpg").build();
            Events<WXTransferDownloadSuccess> first = new Events<>();
            transfers.downloadFile(request, first);
            assertTrue(await(first.failure).getRetryable());
            Events<WXTransferDownloadSuccess> second = new Events<>();
            transfers.downloadFile(request, second);
            assertEquals(5, await(second.result).getDataLength());
            assertEquals("https://example.com/1.jpg", session.getDownloads().get(1).getUrl());
        }
        // Results for a fake that the app writes itself.
        WXTransferUploadSuccess success = new WXTransferUploadSuccess.Builder().setStatusCode(404).setData("none").build();
        assertEquals(404, success.getStatusCode());
        WXTransferFailure failure =
                new WXTransferFailure.Builder("uploadFile:fail timeout", WXTransferErrno.TIMEOUT, WXTransferCategory.TIMEOUT)
                        .setRetryable(true)
                        .build();
        assertTrue(failure.getRetryable());
        assertNull(failure.getProfile());
    }

    @Test
    void a_page_is_served() throws Exception {
        BlockingQueue<String> sent = new LinkedBlockingQueue<>();
        try (WXTransferSession session = new WXTransferSession(options().build());
                WXTransferJavaScript page = new WXTransferJavaScript(session, sent::add)) {
            assertTrue(WXTransferJavaScript.getPageScript().contains("wxtransferReceive"));
            page.receive("{\"call\":1,\"api\":\"downloadFile\",\"options\":{\"url\":\"" + plain + "/bytes/5\"}}");
            for (String message; ; ) {
                message = sent.poll(SupportKt.WAIT_LIMIT_SECONDS, TimeUnit.SECONDS);
                assertNotNull(message, "the page is told of the end");
                if ("complete".equals(new JSONObject(message).getString("event"))) {
                    break;
                }
            }
            String answer = page.receiveSync("{\"api\":\"readdir\",\"options\":{\"dirPath\":\"wxfile://usr\"}}");
            assertEquals(0, new JSONObject(answer).getJSONObject("success").getJSONArray("files").length());
            assertThrows(IllegalArgumentException.class, () -> page.receive("no JSON"));
        }
    }
}
