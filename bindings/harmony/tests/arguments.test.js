'use strict';

/* Arguments of an app are read strictly, and their getters can run any code. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { startServer, startTestServers } = require('../../javascript/tests/servers.js');
const { openSession, wxtransfer, newDirectory, localOptions } = require('./host.js');

const SESSION_CLOSED = 4;

/* Each calls a method with an argument. Reading the argument calls `act`. */
const READERS = {
  'a getter of a download': (session, act) => session.downloadFile({ url: '', get complete() { act(); return undefined; } }),
  'a getter of an upload': (session, act) => session.uploadFile({ url: '', data: new ArrayBuffer(1), get timeout() { act(); return 5; } }),
  'a getter of a part': (session, act) => session.uploadFile({ url: '', parts: [{ name: 'a', get data() { act(); return new ArrayBuffer(1); } }] }),
  'a getter of a header': (session, act) => session.downloadFile({ url: '', header: { get a() { act(); return 'b'; } } }),
  'an element of form data': (session, act) => session.uploadFile({
    url: '', data: new ArrayBuffer(1), formData: [Object.defineProperty(['a', 'b'], 1, { get() { act(); return 'b'; } })],
  }),
  'a Proxy': (session, act) => session.downloadFile(new Proxy({ url: '' }, { get(target, name) { act(); return target[name]; } })),
  'the names of a Proxy': (session, act) => session.downloadFile(new Proxy({ url: '' }, { ownKeys() { act(); return []; } })),
  'a getter of a file call': (session, act) => session.access({ get path() { act(); return 'wxfile://usr/a'; } }),
  'a getter of a network': (session, act) => session.networkChanged({ get metered() { act(); return true; } }),
  'a getter of trust': (session, act) => session.setTrust({ get rootCertificates() { act(); return undefined; } }),
  'a getter of a pin': (session, act) => session.setTrust({ pins: [{ host: 'a.example', get sha256() { act(); return new Uint8Array(32); } }] }),
};

test('a session that is closed while an argument is read starts nothing', async (t) => {
  for (const [name, read] of Object.entries(READERS)) {
    for (let round = 0; round < 20; round++) {
      const session = wxtransfer.openSession(localOptions(newDirectory(t)));
      let closing;
      assert.throws(() => read(session, () => { closing = session.close(); }), { status: SESSION_CLOSED }, name);
      await closing;
    }
  }
});

test('a getter may start tasks and calls of its own', async (t) => {
  const { plain } = await startTestServers(t);
  const session = openSession(t);
  const inner = [];
  const outer = session.downloadFile({
    get url() {
      inner.push(session.downloadFile({ url: `${plain}/bytes/2` }).result(), session.importData({ data: new ArrayBuffer(3) }));
      return `${plain}/bytes/1`;
    },
  });
  assert.equal((await outer.result()).dataLength, 1);
  const [task, imported] = await Promise.all(inner);
  assert.deepEqual([task.dataLength, imported.file.size], [2, 3]);
});

test('a getter of what a promise is resolved with may close the session', async (t) => {
  const session = openSession(t);
  let closing;
  const then = function () {
    /* Other promises of Node.js call this getter, too. */
    if (this.errMsg === 'importFile:ok') closing ??= session.close();
  };
  Object.defineProperty(Object.prototype, 'then', { configurable: true, get: then });
  try {
    await session.importData({ data: new ArrayBuffer(1) });
  } finally {
    delete Object.prototype.then;
  }
  await closing;
});

test('header and formData are plain objects of strings, or pairs', async (t) => {
  const requests = [];
  const url = await startServer(t, (request, response) => { requests.push(request); response.end(); });
  const session = openSession(t);
  class Fields { constructor() { this.a = 'b'; } }
  const plain = /must be a plain object or an array of pairs$/;
  const pair = /must have a name and a value in each pair$/;
  const string = /must be a string$/;
  const refused = [
    [new Map([['a', 'b']]), plain], [new Date(), plain], [new Set(), plain], [new Fields(), plain], [Object.create({ a: 'b' }), plain],
    [Object.assign([], { a: 'b' }, [['a']]), pair], [['ab'], pair], [[['a']], pair], [[['a', 'b', 'c']], pair], [[null], pair],
    [[{ 0: 'a', 1: 'b' }], pair], [[[1, 'b']], string], [[['a', undefined]], string], [{ a: 1 }, string], [{ a: new String('b') }, string],
  ];
  for (const [value, message] of refused) {
    assert.throws(() => session.downloadFile({ url, header: value }), { name: 'TypeError', message });
    assert.throws(() => session.uploadFile({ url, name: 'n', data: new ArrayBuffer(1), formData: value }), { name: 'TypeError', message });
  }
  for (const header of [Object.assign(Object.create(null), { 'X-A': '1' }), { 'X-A': '1', 'X-B': undefined }, [['X-A', '1']]]) {
    await session.downloadFile({ url, header }).result();
    assert.deepEqual([requests.at(-1).headers['x-a'], requests.at(-1).headers['x-b']], ['1', undefined]);
  }
});

test('bytes that were transferred are refused', (t) => {
  const session = openSession(t);
  const view = new Uint8Array(8);
  const message = /data has no bytes any more/;
  structuredClone(view.buffer, { transfer: [view.buffer] });
  for (const data of [view, view.buffer]) {
    assert.throws(() => session.uploadFile({ url: '', name: 'n', data }), { name: 'TypeError', message });
    assert.throws(() => session.uploadFile({ url: '', parts: [{ name: 'n', data }] }), { name: 'TypeError', message });
    assert.throws(() => session.importData({ data }), { name: 'TypeError', message });
    assert.throws(() => session.writeFile({ filePath: 'wxfile://usr/a', data }), { name: 'TypeError', message });
  }
});

test('a string with half of a surrogate pair is refused, and a whole pair is not', async (t) => {
  const good = localOptions(newDirectory(t));
  const session = openSession(t);
  const message = /has half of a surrogate pair/;
  for (const half of ['\ud800', '\udbff', '\udc00', '\udfff', 'a\ud83d', '\ud83dz', '\ude00\ud83d', '\ud83d\ud83d\ude00', '\ud83d\ude00\ude00']) {
    const calls = [
      () => wxtransfer.openSession({ ...good, userId: half }),
      () => wxtransfer.openSession({ ...good, uploadDomains: [half] }),
      () => session.uploadFile({ url: '', name: half }),
      () => session.uploadFile({ url: '', formData: { a: half } }),
      () => session.uploadFile({ url: '', formData: { [half]: 'a' } }),
      () => session.downloadFile({ url: '', header: [[half, 'a']] }),
      () => session.mkdir({ dirPath: `wxfile://usr/${half}` }),
      () => session.prepare(half),
    ];
    for (const call of calls) assert.throws(call, { name: 'TypeError', message });
  }
  await session.mkdir({ dirPath: 'wxfile://usr/\ud83d\ude00\ufffd\uffff' });
  assert.deepEqual((await session.readdir({ dirPath: 'wxfile://usr' })).names, ['\ud83d\ude00\ufffd\uffff']);
});
