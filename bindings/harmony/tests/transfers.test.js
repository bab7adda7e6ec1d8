'use strict';

/* uploadFile and downloadFile of a session, against the project's test servers. */
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { startServer, startTestServers } = require('../../javascript/tests/servers.js');
const { openSession, newDirectory, callbacks, names } = require('./host.js');

/* Byte i of `/bytes/{n}`, by the server's documentation. */
const patternBytes = (n) => Uint8Array.from({ length: n }, (_, i) => Number((BigInt(i % 65521) * 2654435761n >> 24n) & 255n));

test('a download has a file, events and one result', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  const progress = [];
  const headers = [];
  let task;
  const events = await callbacks((functions) => {
    task = session.downloadFile({ url: `${plain}/bytes/300000`, wantSha256: true, ...functions });
    task.onProgressUpdate((event) => progress.push(event));
    task.onHeadersReceived((event) => headers.push(event));
  });
  assert.deepEqual(names(events), ['success', 'complete']);
  const [[, success], [, completion]] = events;
  assert.equal(success, completion);
  assert.equal(success, await task.result());
  assert.equal(success.errMsg, 'downloadFile:ok');
  assert.equal(success.statusCode, 200);
  assert.equal(success.dataLength, 300000);
  assert.match(success.tempFilePath, /^wxfile:\/\/tmp_/);
  const content = fs.readFileSync(success.nativePath);
  assert.deepEqual(Uint8Array.from(content), patternBytes(300000));
  assert.equal(success.sha256, crypto.createHash('sha256').update(content).digest('hex'));
  assert.equal(success.header['content-length'] ?? success.header['Content-Length'], '300000');
  assert.equal(success.profile.peerIP, '127.0.0.1');
  assert.equal(success.attempts, 1);
  assert.equal(headers.length, 1);
  assert.deepEqual(headers[0], { header: success.header, statusCode: 200 });
  assert.deepEqual(progress.at(-1), { progress: 100, totalBytesWritten: 300000, totalBytesExpectedToWrite: 300000 });
});

test('an upload sends all members of its request', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  const { file } = await session.importData({ data: patternBytes(1000), name: 'a.png' });
  const progress = [];
  const task = session.uploadFile({
    url: `${plain}/upload`, filePath: file.filePath, name: 'n😀', fileName: 'b.png', timeout: 30000, enableProfile: false,
    header: { 'X-Page': 'a' }, formData: [['z', '1'], ['a', '😀'], ['z', '2']],
  });
  task.onProgressUpdate((event) => progress.push(event));
  const success = await task.result();
  const seen = JSON.parse(success.data);
  assert.deepEqual(seen.parts, ['z', 'a', 'z', 'n😀']);
  assert.equal(seen.files[0].filename, 'b.png');
  assert.ok(JSON.stringify(seen.headers).includes('["X-Page","a"]'), success.data);
  assert.equal(success.profile, undefined);
  const { progress: percent, totalBytesSent, totalBytesExpectedToSend } = progress.at(-1);
  assert.deepEqual([percent, totalBytesSent], [100, totalBytesExpectedToSend]);
});

test('bytes, a descriptor and several parts can be uploaded', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  const file = path.join(newDirectory(t), 'a.txt');
  fs.writeFileSync(file, '0123456789');
  const descriptor = fs.openSync(file, 'r');
  const whole = patternBytes(100);
  const raw = await session.uploadFile({ url: `${plain}/raw`, method: 'PUT', raw: true, data: whole.subarray(10, 60) }).result();
  assert.deepEqual(
    [JSON.parse(raw.data).method, JSON.parse(raw.data).sha256],
    ['PUT', crypto.createHash('sha256').update(whole.subarray(10, 60)).digest('hex')]);
  const parts = session.uploadFile({
    url: `${plain}/upload`, formData: { k: 'v' },
    parts: [{ name: 'one', fileDescriptor: descriptor }, { name: 'two', data: whole.buffer, fileName: 'c', mediaType: 'image/png' }],
  });
  fs.closeSync(descriptor);
  assert.deepEqual(JSON.parse((await parts.result()).data).parts, ['k', 'one', 'two']);
});

test('values of one header are joined, and each cookie is listed', async (t) => {
  const { plain } = await startTestServers(t);
  const { header, cookies } = await openSession(t).downloadFile({ url: `${plain}/cookies` }).result();
  const [vary] = Object.keys(header).filter((name) => name.toLowerCase() === 'vary');
  assert.match(header[vary], /^[^,]+, [^,]+$/);
  assert.equal(cookies.length, 2);
});

test('header names become own properties of the object', async (t) => {
  const url = await startServer(t, (request, response) => response.writeHead(200, { __proto__: null, ['__proto__']: 'a', constructor: 'b' }).end());
  const setter = { configurable: true, set() { throw new Error('a setter was called'); } };
  Object.defineProperty(Object.prototype, 'resumedFrom', setter);
  t.after(() => delete Object.prototype.resumedFrom);
  const { header, resumedFrom } = await openSession(t).downloadFile({ url }).result();
  assert.deepEqual(['__proto__', 'constructor'].map((name) => Object.getOwnPropertyDescriptor(header, name).value), ['a', 'b']);
  assert.equal(Object.getPrototypeOf(header), Object.prototype);
  assert.equal(resumedFrom, 0);
});

test('a failure has its number, its category and its detail', async (t) => {
  const session = openSession(t, { skipDomainCheck: false, lanPolicy: 'off', downloadDomains: ['https://example.com'] });
  const events = await callbacks((functions) => session.downloadFile({ url: 'https://other.example/', ...functions }));
  assert.deepEqual(names(events), ['fail', 'complete']);
  const failure = events[0][1];
  assert.equal(failure, events[1][1]);
  assert.ok(failure instanceof Error);
  const { message, errMsg, errno, category, retryable } = failure;
  assert.deepEqual(
    { message, errMsg, errno, category, retryable },
    {
      message: 'downloadFile:fail url not in domain list', errMsg: 'downloadFile:fail url not in domain list', errno: 600002,
      category: 'policy', retryable: false,
    });
  assert.match(failure.detail, /domain list/);
});

test("a page's mistake is a failure, and a wrong type an exception", async (t) => {
  const session = openSession(t);
  await assert.rejects(session.uploadFile({ url: 'https://example.com', name: 'n' }).result(), { errno: 1001, category: 'request' });
  await assert.rejects(session.downloadFile({}).result(), { errno: 1001 });
  const refused = [
    [{ url: 5 }, /downloadFile: url must be a string/],
    [{ uri: 'https://example.com' }, /downloadFile: uri is no option/],
    [{ url: '', timeout: -1 }, /downloadFile: timeout is not a whole number in its range/],
    [{ url: '', timeout: 1.5 }, /downloadFile: timeout is not a whole number in its range/],
    [{ url: '', header: { a: 1 } }, /downloadFile: header must be a string/],
    [{ url: '', header: 'a' }, /downloadFile: header must be a plain object or an array of pairs/],
    [{ url: '', success: 'x' }, /downloadFile: success must be a function/],
    [{ get url() { throw new Error('of the getter'); } }, /of the getter/],
    [undefined, /downloadFile: its argument must be an object/],
  ];
  for (const [request, message] of refused) assert.throws(() => session.downloadFile(request), { message });
  assert.throws(() => session.uploadFile({ url: '', data: 'text' }), /data must be an ArrayBuffer or a Uint8Array/);
  assert.throws(() => session.uploadFile({ url: '', method: 'GET' }), /method is not one of the words/);
  assert.throws(() => session.uploadFile({ url: '', parts: [{ name: 'a', path: 'b' }] }), /parts: path is no option/);
  assert.throws(() => session.uploadFile({ url: '', fileDescriptor: 1 << 20 }),
    { status: 1, detail: 'file_descriptor is 1048576, which is not an open descriptor' });
});

test('an abort causes one failure, at any time', async (t) => {
  const session = openSession(t);
  let reach;
  const reached = new Promise((resolve) => { reach = resolve; });
  const url = await startServer(t, () => reach());
  const silent = session.downloadFile({ url });
  await reached;
  silent.abort();
  silent.abort();
  await assert.rejects(silent.result(), { errMsg: 'downloadFile:fail abort', errno: 603105, category: 'aborted' });
  silent.abort();
  await assert.rejects(silent.result(), { errno: 603105 });
  const atOnce = session.downloadFile({ url });
  atOnce.abort();
  await assert.rejects(atOnce.result(), { errno: 603105 });
});

test('a listener that was removed is not called', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  const heard = [];
  const task = session.downloadFile({ url: `${plain}/bytes/10` });
  const never = () => heard.push('never');
  task.onHeadersReceived(never);
  task.onHeadersReceived(() => heard.push('headers'));
  task.offHeadersReceived(never);
  task.onProgressUpdate(never);
  task.offProgressUpdate();
  assert.throws(() => task.onProgressUpdate(5), /a listener must be a function/);
  await task.result();
  assert.deepEqual(heard, ['headers']);
  task.onProgressUpdate(never);
});

test('methods refuse objects of another kind', (t) => {
  const session = openSession(t);
  const task = session.downloadFile({ url: '' });
  task.result().catch(() => {});
  for (const receiver of [undefined, {}, task, Object.create(session)]) {
    assert.throws(() => session.enterBackground.call(receiver), /called on something else/);
  }
  assert.throws(() => task.abort.call(session), /called on something else/);
});

test('tasks are interrupted in the background and succeed again in the foreground', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  session.networkChanged({ kind: 'cellular', metered: true });
  const waits = session.downloadFile({ url: `${plain}/bytes/10`, needsUnmetered: true });
  session.networkChanged({ kind: 'wifi' });
  assert.equal((await waits.result()).statusCode, 200);
  session.prepare(plain);
  session.setMaxBytesPerSecond(1_000_000);
  session.setMaxBytesPerSecond(0);
  assert.throws(() => session.setMaxBytesPerSecond('1'), /bytesPerSecond must be a number/);
  assert.throws(() => session.networkChanged({ kind: 'satellite' }), /kind is not one of the words/);
  session.enterBackground();
  const silent = session.downloadFile({ url: await startServer(t, () => {}) });
  await assert.rejects(silent.result(), { errno: 600003, category: 'interrupted', retryable: true });
  session.enterForeground();
  assert.equal((await session.downloadFile({ url: `${plain}/bytes/10` }).result()).statusCode, 200);
});
