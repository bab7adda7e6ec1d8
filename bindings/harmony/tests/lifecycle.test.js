'use strict';

/* Opening, closing, losing a session, and environments that end. */
const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { startServer, startTestServers } = require('../../javascript/tests/servers.js');
const { wxtransfer, modulePath, newDirectory, localOptions, openSession, collectOften, collectUntil, WAIT_LIMIT } = require('./host.js');

const STORAGE_LOCKED = 13;

const isFree = (options) => {
  try {
    wxtransfer.openSession(options).close();
    return true;
  } catch (error) {
    if (error.status !== STORAGE_LOCKED) throw error;
    return false;
  }
};

/* Runs a script in a new process. The script can use `w`, the module, and `options`. Resolves with its output and how it ended. */
async function runScript(options, script) {
  const head = `const w = require(${JSON.stringify(modulePath)}); const options = ${JSON.stringify(options)};`;
  const child = spawn(process.execPath, ['-e', head + script], { stdio: ['ignore', 'pipe', 'pipe'], timeout: WAIT_LIMIT });
  let output = '';
  child.stdout.on('data', (text) => { output += text; });
  child.stderr.on('data', (text) => { output += text; });
  const [code, signal] = await new Promise((resolve) => child.on('close', (...end) => resolve(end)));
  return { output, code, signal };
}

test('an option that is wrong is named', (t) => {
  const good = localOptions(newDirectory(t));
  const refused = [
    [{ ...good, allowLan: true }, /^openSession: allowLan is no option$/],
    [{ ...good, appId: undefined }, /^openSession: appId is missing$/],
    [{ ...good, platform: 'harmony' }, /^openSession: platform is not one of the words that index.d.ts lists$/],
    [{ ...good, allowPlainHttp: 1 }, /^openSession: allowPlainHttp must be a boolean$/],
    [{ ...good, maxDataSize: 2 ** 53 }, /^openSession: maxDataSize is not a whole number in its range$/],
    [{ ...good, uploadDomains: 'https://a.example' }, /^openSession: uploadDomains must be an array$/],
    [{ ...good, pins: [{ host: 'a.example', sha: 1 }] }, /^pins: sha is no option$/],
    [[], /^openSession: its argument must be an object$/],
    [{}, /^openSession: appId is missing$/],
    [{ ...good, ['proxy\0x']: 'abc' }, /^openSession: proxy\?x is no option$/],
    [{ ...good, ['p'.repeat(100)]: 'abc' }, /^openSession: p{63} is no option$/],
    [{ ...good, platform: 'ohos\0x' }, /^openSession: platform is not one of the words that index.d.ts lists$/],
    [{ ...good, platform: 'oho' }, /^openSession: platform is not one of the words that index.d.ts lists$/],
  ];
  for (const [options, message] of refused) assert.throws(() => wxtransfer.openSession(options), { message });
  const statuses = [
    [{ ...good, clientVersion: 'canary' }, 7, /^client_version is not/],
    [{ ...good, uploadDomains: ['ftp://canary.example'] }, 8, /^upload_domains\[0\] cannot be listed/],
    [{ ...good, rootCertificates: 'canary' }, 9, /^root_certificates cannot be used/],
    [{ ...good, pins: [{ host: 'canary.example', sha256: new Uint8Array(31) }] }, 10, /^pins\[0\]\.sha256_length is 31/],
    [{ ...good, proxy: 'canary' }, 11, /^proxy cannot be read/],
    [{ ...good, dataDirectory: '/proc/canary' }, 12, /^data_directory cannot be used: create the data directory: /],
  ];
  for (const [options, status, detail] of statuses) {
    assert.throws(() => wxtransfer.openSession(options), (error) => {
      assert.equal(error.status, status);
      assert.match(error.detail, detail);
      assert.ok(error.message.endsWith(`: ${error.detail}`), error.message);
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
  }
});

test('the log function receives messages', async (t) => {
  const messages = [];
  const session = openSession(t, { log: (entry) => messages.push(entry) });
  await session.getSavedFileList();
  await session.importData({ data: new ArrayBuffer(1) });
  await session.close();
  assert.ok(messages.some(({ level, message }) => level === 'info' && message.length > 0), JSON.stringify(messages));
});

test('closing ends running and waiting tasks once each, and no callback runs after it', async (t) => {
  const session = openSession(t, { maxConcurrentDownloads: 2 });
  let reach;
  const reached = new Promise((resolve) => { reach = resolve; });
  const url = await startServer(t, () => reach());
  const ends = [];
  let open = true;
  for (let i = 0; i < 20; i++) {
    session.downloadFile({
      url, success: () => ends.push('success'), fail: ({ errno }) => ends.push(errno), complete: () => assert.ok(open),
    });
  }
  await reached;
  const closing = session.close();
  assert.equal(session.close(), closing);
  assert.throws(() => session.downloadFile({ url }), { status: 4 });
  assert.throws(() => session.readFile({}), { status: 4 });
  await closing;
  open = false;
  assert.deepEqual(ends, Array(20).fill(603105));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ends.length, 20);
});

test('a session can be closed in a callback', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  await new Promise((resolve, reject) => {
    session.downloadFile({ url: `${plain}/bytes/1`, success: () => session.close().then(resolve, reject) });
  });
});

test('file calls that run while a session closes are settled before it is closed', async (t) => {
  const session = openSession(t);
  const settled = [];
  for (let i = 0; i < 20; i++) {
    session.importData({ data: new Uint8Array(100_000) }).then(() => settled.push('ok'), () => settled.push('failed'));
  }
  await session.close();
  assert.equal(settled.length, 20);
});

test('a lost session is closed, but not while it has tasks', async (t) => {
  const options = localOptions(newDirectory(t));
  let respond;
  const requested = new Promise((resolve) => { respond = resolve; });
  const url = await startServer(t, (request, response) => respond(response));
  const result = (() => wxtransfer.openSession(options).downloadFile({ url }).result())();
  const response = await requested;
  await collectOften();
  assert.equal(isFree(options), false);
  response.end('late');
  assert.equal((await result).dataLength, 4);
  await collectUntil(() => isFree(options));
});

test('a session that its log refers to is closed when it is lost', async (t) => {
  const options = localOptions(newDirectory(t));
  const entries = [];
  (() => {
    const session = wxtransfer.openSession({ ...options, log: (entry) => entries.push([session, entry]) });
  })();
  await collectUntil(() => isFree(options));
});

test('the log function is kept as long as the session', async (t) => {
  let count = 0;
  const session = openSession(t, { log: () => { count++; } });
  await collectOften();
  await session.importData({ data: new ArrayBuffer(1) });
  await session.close();
  assert.ok(count > 0);
});

test('a lost session stays open while it has a file call', async (t) => {
  const directory = newDirectory(t);
  const fifo = path.join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const pipe = fs.openSync(fifo, 'r+');
  t.after(() => fs.closeSync(pipe));
  const options = localOptions(path.join(directory, 'data'));
  const imported = (() => wxtransfer.openSession(options).importFileDescriptor({ fileDescriptor: pipe, length: 4 }))();
  await collectOften();
  assert.equal(isFree(options), false);
  fs.writeSync(pipe, 'late');
  assert.equal((await imported).file.size, 4);
  await collectUntil(() => isFree(options));
});

test('closing ends a file call that waits for a pipe', async (t) => {
  const fifo = path.join(newDirectory(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const pipe = fs.openSync(fifo, 'r+');
  t.after(() => fs.closeSync(pipe));
  const session = openSession(t);
  /* One call more than the environment's pool has threads. Closing needs none of them. The last call starts in a closed session. */
  const calls = Array.from({ length: 5 }, () => session.importFileDescriptor({ fileDescriptor: pipe }));
  const ends = Promise.allSettled(calls);
  await session.close();
  const reasons = (await ends).map(({ reason }) => reason);
  for (const { errno, errCode, category, retryable } of reasons) {
    assert.deepEqual({ errno, errCode, category, retryable }, { errno: 1300201, errCode: 1300201, category: 'aborted', retryable: false });
  }
  const { status, errMsg, detail } = reasons.at(-1);
  assert.deepEqual([status, errMsg], [4, 'importFileDescriptor:fail session closed']);
  assert.match(detail, /session was closed/);
});

test('the callbacks of a lost task still run', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  let left = 50;
  for (let i = 0; i < 50; i++) session.downloadFile({ url: `${plain}/bytes/10`, complete: () => { left--; } });
  await collectUntil(() => left === 0);
});

test('a thousand small downloads leave no descriptor', async (t) => {
  const { plain } = await startTestServers(t);
  const descriptors = () => fs.readdirSync('/proc/self/fd').length;
  const session = openSession(t);
  await session.downloadFile({ url: `${plain}/bytes/10` }).result();
  await session.close();
  const before = descriptors();
  const second = openSession(t);
  const results = await Promise.all(Array.from({ length: 1000 }, () => second.downloadFile({ url: `${plain}/bytes/10` }).result()));
  assert.equal(new Set(results.map(({ tempFilePath }) => tempFilePath)).size, 1000);
  await second.close();
  assert.ok(descriptors() <= before, `${descriptors()} descriptors, ${before} before`);
});

test('an open session does not keep the process alive, but a running task does', async (t) => {
  const { plain } = await startTestServers(t);
  const options = localOptions(newDirectory(t));
  const idle = await runScript(options, 'w.openSession(options);');
  assert.deepEqual(idle, { output: '', code: 0, signal: null });
  const busy = await runScript(options, `w.openSession(options).downloadFile({
    url: '${plain}/slow?ms=300', complete: ({ errMsg }) => console.log(errMsg) });`);
  assert.deepEqual(busy, { output: 'downloadFile:ok\n', code: 0, signal: null });
});

test('the process can end in a callback and with running tasks', async (t) => {
  const { plain } = await startTestServers(t);
  const options = localOptions(newDirectory(t));
  const inside = await runScript(options, `const s = w.openSession(options);
    s.downloadFile({ url: '${plain}/slow?ms=60000' });
    s.downloadFile({ url: '${plain}/bytes/10', success: () => process.exit(7) });`);
  assert.deepEqual(inside, { output: '', code: 7, signal: null });
  const outside = await runScript(options, `w.openSession(options).downloadFile({ url: '${plain}/slow?ms=60000',
    fail: () => console.log('called') }); setTimeout(() => process.exit(8), 50);`);
  assert.deepEqual(outside, { output: '', code: 8, signal: null });
});

test('an exception of a callback is uncaught, and the other callbacks run', async (t) => {
  const options = localOptions(newDirectory(t));
  const { output, code } = await runScript(options, `process.on('uncaughtException', ({ message }) => console.log(message));
    w.openSession(options).downloadFile({ url: '', fail: () => { throw new Error('of the app'); }, complete: () => console.log('complete') });`);
  assert.deepEqual([output, code], ['of the app\ncomplete\n', 0]);
});

/* Scripts of environments that end, often with work still in the queue. `open(i, options)` opens a session. */
const ENDS = {
  open: 'keep(open(0), open(1));',
  lost: 'for (let i = 0; i < 5; i++) open(i); collect();',
  'lost and closing': `for (let i = 0; i < 5; i++) open(i); collect();
    setImmediate(() => { for (const end = Date.now() + 20; Date.now() < end;); process.exit(); });`,
  closing: 'for (let i = 0; i < 5; i++) open(i).close(); process.exit();',
  'in a callback': `for (let i = 0; i < 5; i++) {
      const session = open(i);
      session.downloadFile({ url });
      session.downloadFile({ url: '', fail: () => process.exit() });
    }`,
  closed: 'open(0).close().then(() => { collect(); open(0); collect(); process.exit(); });',
  busy: `for (let i = 0; i < 3; i++) {
      const session = open(i);
      session.downloadFile({ url });
      session.importData({ data: new Uint8Array(100000) }).catch(() => {});
      if (i > 0) session.close();
    } process.exit();`,
  logging: 'for (let i = 0; i < 5; i++) open(i, { log: () => {} }).importData({ data: new Uint8Array(10) }); collect(); process.exit();',
};

test('an environment can end in every state of its sessions, and closes them', async (t) => {
  const { plain } = await startTestServers(t);
  for (const [name, script] of Object.entries(ENDS)) {
    const options = localOptions(newDirectory(t));
    const directory = (i) => `${options.dataDirectory}/${i}`;
    const whole = `{
      require('node:v8').setFlagsFromString('--expose-gc');
      const collectGarbage = require('node:vm').runInNewContext('gc');
      const collect = () => { collectGarbage(); collectGarbage(); };
      const kept = [];
      const keep = (...sessions) => kept.push(sessions);
      const url = '${plain}/slow?ms=60000';
      const open = (i, more) => require(${JSON.stringify(modulePath)}).openSession({
        ...${JSON.stringify(options)}, dataDirectory: '${options.dataDirectory}/' + i, ...more });
      ${script}
    }`;
    const worker = new Worker(whole, { eval: true });
    assert.equal(await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject)), 0, name);
    for (let i = 0; i < 5; i++) assert.ok(isFree({ ...options, dataDirectory: directory(i) }), name);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await runScript(options, whole), { output: '', code: 0, signal: null }, name);
  }
});

test('a worker that ends closes its sessions', async (t) => {
  const { plain } = await startTestServers(t);
  const options = localOptions(newDirectory(t));
  const worker = new Worker(`const { parentPort, workerData } = require('node:worker_threads');
    const session = require(workerData.modulePath).openSession(workerData.options);
    for (let i = 0; i < 20; i++) session.downloadFile({ url: workerData.url });
    session.importData({ data: new Uint8Array(1000000) });
    parentPort.postMessage('started');`, { eval: true, workerData: { modulePath, options, url: `${plain}/slow?ms=60000` } });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  assert.equal(isFree(options), false);
  await worker.terminate();
  assert.equal(isFree(options), true);
});
