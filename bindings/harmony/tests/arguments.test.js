'use strict';

/* What an app passes is read strictly. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { startServer } = require('../../javascript/tests/servers.js');
const { openSession, wxtransfer, newDirectory, localOptions } = require('./host.js');

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
