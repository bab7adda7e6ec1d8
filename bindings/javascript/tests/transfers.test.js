'use strict';

/* wx.uploadFile and wx.downloadFile with the real library. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { Host } = require('./host.js');
const { startServer, startTestServers } = require('./servers.js');

const LOCAL = ['--skip-domain-check', '--allow-plain-http', '--all-local'];

const names = (events) => events.map(([name]) => name);

/* A server that never answers. `reached` resolves at the first request. */
async function startSilentServer(t) {
  let reach;
  const reached = new Promise((resolve) => { reach = resolve; });
  return { url: await startServer(t, () => reach()), reached };
}

test('an upload sends all members of the object form', async (t) => {
  const { plain } = await startTestServers(t);
  const host = await Host.start(t, LOCAL, { settings: { fileName: true } });
  const heard = [];
  const events = await host.page.callbacks((options) => {
    const task = host.page.wx.uploadFile(options);
    const never = () => heard.push('never');
    task.onHeadersReceived(never);
    task.onProgressUpdate(never);
    task.offHeadersReceived(never);
    task.offProgressUpdate();
    task.onHeadersReceived((result) => heard.push(`headers ${result.statusCode} ${result.header['content-type']}`));
    task.onProgressUpdate((result) => {
      if (result.progress === 100) heard.push(`sent ${result.totalBytesSent === result.totalBytesExpectedToSend}`);
    });
    return task;
  }, {
    url: `${plain}/upload`,
    filePath: await host.chosen('0123456789'),
    name: 'n😀',
    fileName: 'b.png',
    timeout: 30000,
    enableHttp2: true,
    enableQuic: 'without effect',
    header: { 'X-Number': 1.5, 'X-True': true, 'X-Null': null },
    formData: { z: 1e21, a: '\u2028😀', u: undefined, m: 'half \ud83d', b: '', y: [1, 2], c: {} },
  });
  const success = host.page.only('success', events);
  assert.equal(success.statusCode, 200);
  assert.deepEqual([...new Set(heard)].sort(), ['headers 200 application/json', 'sent true']);
  const seen = JSON.parse(success.data);
  assert.deepEqual(seen.parts, ['z', 'a', 'm', 'b', 'y', 'c', 'n😀']);
  for (const value of ['1e+21', '\u2028😀', 'half \uFFFD', '1,2', '[object Object]']) {
    assert.ok(JSON.stringify(seen.fields).includes(JSON.stringify(value)), value);
  }
  const headers = JSON.stringify(seen.headers);
  assert.ok(headers.includes('["X-Number","1.5"],["X-True","true"]') && !headers.includes('X-Null'), headers);
  assert.equal(seen.files[0].filename, 'b.png');
});

test("a page's fileName is ignored unless the app enables it", async (t) => {
  const { plain } = await startTestServers(t);
  const host = await Host.start(t, LOCAL);
  const filePath = await host.chosen('x', 'image.jpg');
  const options = { url: `${plain}/upload`, filePath, name: 'file', fileName: 'b.png' };
  const success = await host.page.success(host.page.wx.uploadFile, options);
  assert.equal(JSON.parse(success.data).files[0].filename, filePath.replace('wxfile://', ''));
});

test('a download becomes a temporary file, or the file at filePath', async (t) => {
  const { plain } = await startTestServers(t);
  const { page } = await Host.start(t, LOCAL);
  const temporary = await page.success(page.wx.downloadFile, { url: `${plain}/bytes/5000` });
  assert.match(temporary.tempFilePath, /^wxfile:\/\/tmp_/);
  assert.equal(temporary.filePath, undefined);
  const filePath = `${page.wx.env.USER_DATA_PATH}/a.bin`;
  const progress = [];
  const named = page.only('success', await page.callbacks((options) => {
    const task = page.wx.downloadFile(options);
    task.onProgressUpdate((result) => progress.push({ ...result }));
    return task;
  }, { url: `${plain}/bytes/5000`, filePath, timeout: 1e300 }));
  assert.equal(named.filePath, filePath);
  assert.equal(named.tempFilePath, undefined);
  assert.equal(named.dataLength, 5000);
  assert.deepEqual(progress.pop(), { progress: 100, totalBytesWritten: 5000, totalBytesExpectedToWrite: 5000 });
});

test('an unknown total is a number', async (t) => {
  const url = await startServer(t, (request, response) => {
    response.write('a'.repeat(5000));
  });
  const { page } = await Host.start(t, LOCAL);
  const progress = await new Promise((resolve) => {
    const task = page.wx.downloadFile({ url });
    task.onProgressUpdate((result) => {
      if (result.totalBytesWritten === 5000) {
        task.abort();
        resolve({ ...result });
      }
    });
  });
  assert.deepEqual(progress, { progress: 0, totalBytesWritten: 5000, totalBytesExpectedToWrite: -1 });
});

test('an abort ends the call, and a second one has no effect', async (t) => {
  const server = await startSilentServer(t);
  const { page } = await Host.start(t, LOCAL);
  let task;
  const events = await page.callbacks((options) => {
    task = page.wx.downloadFile(options);
    server.reached.then(() => task.abort());
    return task;
  }, { url: server.url });
  assert.deepEqual({ ...page.only('fail', events) }, { errMsg: 'downloadFile:fail abort', errno: 603105 });
  task.abort();
});

test('each call has its timeout', async (t) => {
  const server = await startSilentServer(t);
  const host = await Host.start(t, LOCAL);
  const { page } = host;
  for (const timeout of [100, 100.5]) {
    const upload = { url: server.url, filePath: await host.chosen('x'), name: 'file', timeout };
    const failure = { errMsg: 'uploadFile:fail timeout', errno: 5 };
    assert.deepEqual({ ...await page.failure(page.wx.uploadFile, upload) }, failure);
  }
});

test('a timeout that is not above 0 is ignored', async (t) => {
  const { plain } = await startTestServers(t);
  const { page } = await Host.start(t, LOCAL);
  for (const timeout of [0, -1, NaN, null, undefined]) {
    await page.success(page.wx.downloadFile, { url: `${plain}/bytes/5`, timeout });
  }
});

test('header and cookies are as the server sent them', async (t) => {
  const url = await startServer(t, (request, response) => {
    response.writeHead(203, [['X-A', 'one'], ['x-a', 'two'], ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2, 3']].flat()).end();
  });
  const host = await Host.start(t, LOCAL);
  const upload = { filePath: await host.chosen('x'), name: 'file' };
  for (const [api, more] of [['downloadFile', {}], ['uploadFile', upload]]) {
    let headers;
    const success = host.page.only('success', await host.page.callbacks((options) => {
      const task = host.page.wx[api](options);
      task.onHeadersReceived((result) => { headers = result; });
      return task;
    }, { url, ...more }));
    assert.equal(headers.statusCode, 203);
    assert.equal(headers.header['X-A'], 'one, two');
    assert.deepEqual({ ...success.header }, { ...headers.header });
    assert.deepEqual([...success.cookies], ['a=1', 'b=2, 3']);
  }
});

test('a result has a profile unless the page disables it', async (t) => {
  const { plain } = await startTestServers(t);
  const { page } = await Host.start(t, LOCAL);
  const url = `${plain}/bytes/5`;
  for (const enableProfile of [undefined, true]) {
    const { profile } = await page.success(page.wx.downloadFile, { url, enableProfile });
    assert.equal(profile.peerIP, '127.0.0.1');
    assert.ok(profile.responseEnd >= profile.fetchStart && profile.fetchStart > 0);
  }
  assert.equal((await page.success(page.wx.downloadFile, { url, enableProfile: false })).profile, undefined);
});

test('a result is sent to the page once', async (t) => {
  const { plain } = await startTestServers(t);
  const { page } = await Host.start(t, LOCAL);
  await page.success(page.wx.downloadFile, { url: `${plain}/bytes/5` });
  assert.deepEqual(names(page.messages.map((message) => [message.event])).slice(-2), ['success', 'complete']);
  assert.equal(page.messages[page.messages.length - 1].result, undefined);
});

test('a header that cannot be sent is named', async (t) => {
  const { page } = await Host.start(t, LOCAL);
  const url = 'http://127.0.0.1:1/';
  const failure = await page.failure(page.wx.downloadFile, { url, header: { Good: '1', 'X-Bad': 'a\r\nb' } });
  assert.equal(failure.errno, 600010);
  assert.match(failure.errMsg, /^downloadFile:fail invalid request data header.*X-Bad/);
  for (const [header, shown] of [
    [{ 'X-Large': 'a'.repeat(40_000), 'X-Small': 'b' }, 'X-Large'],
    [{ '': 'a' }, '""'],
    [{ [`X-${'a'.repeat(40_000)}b`]: '' }, `X-${'a'.repeat(48)}…${'a'.repeat(49)}b`],
  ]) {
    const { errMsg, errno } = await page.failure(page.wx.downloadFile, { url, header });
    assert.deepEqual([errMsg, errno], [`downloadFile:fail invalid request data header ${shown}`, 600010]);
  }
});

test('calls fail while the mini program is in the background', async (t) => {
  const server = await startSilentServer(t);
  const host = await Host.start(t, LOCAL);
  const { page } = host;
  const failed = page.failure((options) => {
    page.wx.downloadFile(options);
  }, { url: server.url });
  await server.reached;
  await host.control('enterBackground');
  assert.deepEqual({ ...await failed }, { errMsg: 'downloadFile:fail interrupted', errno: 600003 });
});

test('a call on a closed session fails', async (t) => {
  const host = await Host.start(t, LOCAL);
  await host.control('close');
  const failure = await host.page.failure(host.page.wx.downloadFile, { url: 'https://a.test/' });
  assert.deepEqual({ ...failure }, { errMsg: 'downloadFile:fail session closed', errno: 4 });
});
