'use strict';

/* Behaviour of wx.js without an app: types of parameters, turns, promises. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { Page } = require('./page.js');

function nothingSent(options) {
  return new Page((text) => assert.fail(`sent: ${text}`), options);
}

/* An app that keeps the messages and answers none. */
function recorded(options) {
  const sent = [];
  return { sent, page: new Page((text) => sent.push(JSON.parse(text)), options) };
}

const error = (api, text) => ({ errMsg: `${api}:fail parameter error: ${text}`, errno: 1001 });

test('missing parameters and parameters of a wrong type fail with the text of WeChat', async () => {
  const { wx, callbacks } = nothingSent();
  const url = 'https://a.test/';
  const should = (name, type, given) => `parameter.${name} should be ${type} instead of ${given};`;
  const unreadable = { get url() { throw new Error('of the page'); } };
  for (const [api, options, text] of [
    ['uploadFile', { filePath: 'a', name: 'b' }, should('url', 'String', 'Undefined')],
    ['uploadFile', { url, filePath: ['a'], name: null }, should('filePath', 'String', 'Array') + should('name', 'String', 'Null')],
    ['uploadFile', { url, filePath: 'a', name: 'b', formData: 'c=d' }, should('formData', 'Object', 'String')],
    ['downloadFile', {}, should('url', 'String', 'Undefined')],
    ['downloadFile', { url: 5 }, should('url', 'String', 'Number')],
    ['downloadFile', { url: {} }, should('url', 'String', 'Object')],
    ['downloadFile', { url: null }, should('url', 'String', 'Null')],
    ['downloadFile', { url: Symbol('a') }, should('url', 'String', 'Symbol')],
    ['downloadFile', { url, header: [['a', 'b']] }, should('header', 'Object', 'Array')],
    ['downloadFile', { url, filePath: false }, should('filePath', 'String', 'Boolean')],
    ['downloadFile', { url, timeout: '100' }, should('timeout', 'Number', 'String')],
    ['downloadFile', { url, enableProfile: 'no' }, should('enableProfile', 'Boolean', 'String')],
    ['downloadFile', unreadable, 'parameter.url cannot be read;'],
  ]) {
    const events = await callbacks.call(null, wx[api], options);
    assert.deepEqual(events.map(([name]) => name), ['returned', 'fail', 'complete'], `${api} ${text}`);
    assert.deepEqual({ ...events[1][1] }, error(api, text));
    assert.equal(events[1][1], events[2][1]);
  }
});

test('file calls fail in the same way, with an errCode', async () => {
  const page = nothingSent();
  const should = (name, type, given) => `parameter error: parameter.${name} should be ${type} instead of ${given};`;
  const filePath = 'wxfile://usr/a';
  for (const [api, options, reason, code] of [
    ['saveFile', {}, should('tempFilePath', 'String', 'Undefined'), 1300022],
    ['stat', { path: 'a', recursive: 1 }, should('recursive', 'Boolean', 'Number'), 1300022],
    ['writeFile', { filePath, data: new Uint8Array(1) }, should('data', 'String or ArrayBuffer', 'Uint8Array'), 1300022],
    ['readFile', { filePath, encoding: 'utf7' }, 'Invalid argument encoding', 1300022],
    ['readFile', { filePath, encoding: 'toString' }, 'Invalid argument encoding', 1300022],
    ['writeFile', { filePath, data: '0g', encoding: 'hex' }, 'Invalid argument data', 1300022],
    ['readFile', { filePath, position: -1 }, 'value of position is out of range', 1301009],
    ['readFile', { filePath, position: 0.5 }, 'value of position is out of range', 1301009],
    ['readFile', { filePath, length: 0 }, 'value of length is out of range', 1301006],
    ['readFile', { filePath, length: Infinity }, 'value of length is out of range', 1301006],
  ]) {
    const failure = await page.failure(page.fs[api], options);
    assert.deepEqual({ ...failure }, { errMsg: `${api}:fail ${reason}`, errno: code, errCode: code });
  }
});

test('a header or form field without a text is named', async () => {
  const page = nothingSent();
  const { wx } = page;
  const textless = { toString() { throw new Error('of the page'); } };
  const download = await page.failure(wx.downloadFile, { url: 'https://a.test/', header: { Good: 1, 'X-Bad': textless } });
  assert.deepEqual({ ...download }, { errMsg: 'downloadFile:fail invalid request data header X-Bad', errno: 600010 });
  for (const [name, shown] of [['', '""'], [`X-${'a'.repeat(40_000)}b`, `X-${'a'.repeat(48)}…${'a'.repeat(49)}b`]]) {
    const { errMsg } = await page.failure(wx.downloadFile, { url: 'https://a.test/', header: { [name]: textless } });
    assert.equal(errMsg, `downloadFile:fail invalid request data header ${shown}`);
  }
  const formData = { get user() { throw new Error('of the page'); } };
  const upload = await page.failure(wx.uploadFile, { url: 'https://a.test/', filePath: 'a', name: 'b', formData });
  assert.deepEqual({ ...upload }, { errMsg: 'uploadFile:fail invalid request data formData user', errno: 600010 });
});

test('an argument that is not an object is refused, and null means that an optional parameter is missing', () => {
  const { sent, page } = recorded();
  for (const nothing of [null, 1, 'text', []]) assert.equal(typeof page.wx.downloadFile(nothing).abort, 'function');
  page.wx.downloadFile();
  assert.equal(sent.length, 0);
  page.wx.downloadFile({ url: 'https://a.test/', header: null, filePath: null, timeout: null, enableProfile: null });
  assert.deepEqual(sent, [{ call: 6, api: 'downloadFile', options: { url: 'https://a.test/' } }]);
});

test('a message contains only whole characters and whole numbers', () => {
  const { sent, page } = recorded();
  page.wx.downloadFile({ url: 'https://a.test/\ud83d', timeout: 0.1, header: { 'a\udc00': '\ud83d\ude00' } });
  const header = [['a\uFFFD', '😀']];
  assert.deepEqual(sent[0].options, { url: 'https://a.test/\uFFFD', timeout: 1, header });
});

test('a fail runs in a later turn', async () => {
  for (const without of ['setTimeout', 'Promise']) {
    const page = nothingSent({ without: [without] });
    const told = [];
    await new Promise((resolve) => {
      const task = page.wx.downloadFile({
        fail: () => told.push(`fail with ${typeof task.abort}`),
        complete: resolve,
      });
      told.push('returned');
    });
    assert.deepEqual(told, ['returned', 'fail with function'], `without ${without}`);
  }
});

test('complete runs even if fail throws', () => {
  const page = nothingSent();
  const later = [];
  page.context.setTimeout = (run) => later.push(run);
  const told = [];
  page.wx.downloadFile({
    fail() { throw new Error('of fail'); },
    complete: (result) => told.push(result.errno),
  });
  assert.throws(() => later[0](), /of fail/);
  later[1]();
  assert.deepEqual(told, [1001]);
});

test('an engine without later turns uses those of the app', () => {
  const { sent, page } = recorded({ without: ['setTimeout', 'Promise'] });
  const told = [];
  page.wx.downloadFile({
    fail: (result) => told.push(result.errMsg),
    complete: (result) => told.push(result.errno),
  });
  assert.deepEqual(told, []);
  assert.deepEqual(sent.map(({ api }) => api), ['later']);
  /* One turn for each callback. The first turn requests the second. */
  for (const { call } of sent) {
    const result = { errMsg: 'later:fail not supported', errno: 1300201, errCode: 1300201 };
    page.receive(JSON.stringify({ call, event: 'fail', result }));
    page.receive(JSON.stringify({ call, event: 'complete' }));
  }
  assert.deepEqual(told, [error('downloadFile', 'parameter.url should be String instead of Undefined;').errMsg, 1001]);
});

test('if a callback cannot be read, the others receive the failure', async () => {
  const page = nothingSent();
  const failure = await new Promise((resolve) => {
    page.wx.getSavedFileList({ get success() { throw new Error('of the page'); }, complete: resolve });
  });
  assert.equal(failure.errMsg, 'getSavedFileList:fail parameter error: parameter.success cannot be read;');
});

test('file calls return a promise if there is no callback', async () => {
  const { sent, page } = recorded();
  const kept = page.wx.saveFile({ tempFilePath: 'wxfile://tmp_0a' });
  const refused = page.wx.getSavedFileInfo({ filePath: 'wxfile://store_0a', success: undefined });
  const mistyped = page.wx.removeSavedFile();
  const [first, second] = sent;
  const success = { errMsg: 'saveFile:ok', savedFilePath: 'wxfile://store_0a' };
  page.receive(JSON.stringify({ call: first.call, event: 'success', result: success }));
  page.receive(JSON.stringify({ call: first.call, event: 'complete' }));
  assert.deepEqual({ ...await kept }, success);
  const fail = { errMsg: 'getSavedFileInfo:fail no', errno: 1300002, errCode: 1300002 };
  page.receive(JSON.stringify({ call: second.call, event: 'fail', result: fail }));
  await assert.rejects(refused, fail);
  await assert.rejects(mistyped, { errno: 1300022, errCode: 1300022 });
  for (const event of ['success', 'fail', 'complete']) {
    assert.equal(page.wx.getSavedFileList({ [event]() {} }), undefined);
  }
  const managed = page.fs.access({ path: 'wxfile://usr' });
  const third = sent.at(-1);
  page.receive(JSON.stringify({ call: third.call, event: 'success', result: { errMsg: 'access:ok' } }));
  page.receive(JSON.stringify({ call: third.call, event: 'complete' }));
  assert.deepEqual({ ...await managed }, { errMsg: 'access:ok' });
  assert.equal(page.fs.getSavedFileList({ fail() {} }), undefined);
  assert.equal(recorded({ without: ['Promise'] }).page.wx.getSavedFileList(), undefined);
});

test('a page may use one object for two calls', () => {
  const { sent, page } = recorded();
  const told = [];
  const options = { filePath: 'wxfile://usr/a', complete() { told.push(`first ${this.filePath}`); } };
  page.wx.getSavedFileInfo(options);
  options.complete = () => told.push('second');
  options.filePath = 'wxfile://usr/b';
  page.wx.getSavedFileInfo(options);
  for (const { call } of sent) page.receive(JSON.stringify({ call, event: 'complete' }));
  assert.deepEqual(sent.map(({ options: { filePath } }) => filePath), ['wxfile://usr/a', 'wxfile://usr/b']);
  assert.deepEqual(told, ['first wxfile://usr/b', 'second']);
});

test('adding or removing a listener during an event does not change who receives that event', () => {
  for (const [api, options] of [
    ['downloadFile', { url: 'https://a.test/' }],
    ['uploadFile', { url: 'https://a.test/', filePath: 'wxfile://usr/a', name: 'b' }],
  ]) {
    for (const [name, event] of [['ProgressUpdate', 'progressUpdate'], ['HeadersReceived', 'headersReceived']]) {
      const { sent, page } = recorded();
      const task = page.wx[api](options);
      const heard = [];
      const on = (listener) => task[`on${name}`](listener);
      const off = (listener) => task[`off${name}`](listener);
      const tell = () => {
        page.receive(JSON.stringify({ call: sent[0].call, event, result: {} }));
        return heard.splice(0).join(' ');
      };
      const added = () => heard.push('added');
      const once = () => {
        heard.push('once');
        off(once);
      };
      const adding = () => {
        heard.push('adding');
        on(added);
        off(adding);
      };
      const last = () => heard.push('last');
      const removing = () => {
        heard.push('removing');
        off(last);
      };
      for (const listener of [once, adding, removing, last]) on(listener);
      assert.equal(tell(), 'once adding removing last', `${api} ${name}`);
      assert.equal(tell(), 'removing added', `${api} ${name}`);
      on(() => {
        heard.push('all go');
        off();
      });
      assert.equal(tell(), 'removing added all go', `${api} ${name}`);
      assert.equal(tell(), '', `${api} ${name}`);
    }
  }
});

test('the path of user files follows the scheme that the app sets', () => {
  assert.equal(nothingSent().wx.env.USER_DATA_PATH, 'wxfile://usr');
  assert.equal(nothingSent({ settings: { pathScheme: 'difile' } }).wx.env.USER_DATA_PATH, 'difile://usr');
});

test('a Sync method throws without wxtransferSendSync', () => {
  const page = nothingSent();
  const readFileSync = { name: 'Error', message: 'readFileSync:fail not supported', errno: 1300201, errCode: 1300201 };
  let thrown;
  try {
    page.fs.readFileSync('wxfile://usr/a');
  } catch (caught) {
    thrown = caught;
  }
  assert.deepEqual({ name: thrown.name, message: thrown.message, errno: thrown.errno, errCode: thrown.errCode }, readFileSync);
  assert.equal(thrown.errMsg, thrown.message);
});

test('members of the app in wx and wx.env stay', () => {
  const login = () => {};
  const { wx } = nothingSent({ given: { wx: { login, env: { VERSION: '1' } } } });
  assert.equal(wx.login, login);
  assert.deepEqual({ ...wx.env }, { VERSION: '1', USER_DATA_PATH: 'wxfile://usr' });
});

test('every exception in a call becomes its failure', async () => {
  const broken = () => { throw new Error('of the app'); };
  const page = new Page(broken, { sendSync: broken });
  const thrown = (name) => new Proxy({}, { get(_, member) { if (member === name) throw new Error('of the page'); } });
  const url = 'https://a.test/';
  for (const [call, options] of [
    [page.wx.downloadFile, { url }],
    [page.wx.uploadFile, { url, filePath: 'a', name: 'b' }],
    [page.wx.getSavedFileList, {}],
    [page.fs.access, { path: 'a' }],
    /* An object whose type cannot be read. */
    [page.wx.downloadFile, { url, get [Symbol.toStringTag]() { throw new Error('of the page'); } }],
    [page.wx.downloadFile, { url, header: thrown(Symbol.toStringTag) }],
    [page.wx.downloadFile, { url, header: new Proxy({}, { ownKeys() { throw new Error('of the page'); } }) }],
    [page.wx.downloadFile, { url, timeout: { [Symbol.toStringTag]: 'Number', valueOf() { throw new Error('of the page'); } } }],
  ]) {
    const failure = await page.failure(call, options);
    assert.match(failure.errMsg, /^\w+:fail (internal error$|parameter error: parameter\.\w+ cannot be read;$)/);
    assert.ok(Number.isInteger(failure.errno));
  }
  await assert.rejects(page.fs.access({ path: 'a' }), { errMsg: 'access:fail internal error' });
  assert.throws(() => page.fs.accessSync('a'), { errMsg: 'accessSync:fail internal error' });
});

test('an answer that cannot be read becomes a failure', async () => {
  const { sent, page } = recorded({ sendSync: () => '{"success":{}}' });
  const stat = page.fs.stat({ path: 'a' });
  page.receive(JSON.stringify({ call: sent[0].call, event: 'success', result: { errMsg: 'stat:ok' } }));
  page.receive(JSON.stringify({ call: sent[0].call, event: 'complete' }));
  await assert.rejects(stat, { errMsg: 'stat:fail internal error' });
  assert.throws(() => page.fs.statSync('a'), { errMsg: 'statSync:fail internal error' });
  page.context.wxtransferSendSync = () => '{}';
  assert.throws(() => page.fs.accessSync('a'), { errMsg: 'accessSync:fail internal error' });
});

test('a call that has ended receives no further event, also one that was refused', async () => {
  const { sent, page } = recorded();
  const told = [];
  const all = Object.fromEntries(['success', 'fail', 'complete'].map((event) => [event, () => told.push(event)]));
  const late = (call) => {
    for (const event of ['progressUpdate', 'success', 'fail', 'complete']) {
      page.receive(JSON.stringify({ call, event, result: { errMsg: 'late' } }));
    }
  };
  const task = page.wx.downloadFile({ url: 'https://a.test/', ...all });
  task.onProgressUpdate(() => told.push('progress'));
  const { call } = sent[0];
  page.receive(JSON.stringify({ call, event: 'success', result: { errMsg: 'downloadFile:ok' } }));
  page.receive(JSON.stringify({ call, event: 'complete' }));
  late(call);
  assert.deepEqual(told.splice(0), ['success', 'complete']);
  const refused = new Promise((resolve) => { page.wx.downloadFile({ ...all, complete: () => { told.push('complete'); resolve(); } }); });
  late(call + 1);
  await refused;
  late(call + 1);
  assert.deepEqual(told, ['fail', 'complete']);
});

test('removing a listener keeps the others, and a listener may remove itself in a call', () => {
  const { sent, page } = recorded();
  const task = page.wx.downloadFile({ url: 'https://a.test/' });
  for (const [on, off, event] of [
    ['onProgressUpdate', 'offProgressUpdate', 'progressUpdate'], ['onHeadersReceived', 'offHeadersReceived', 'headersReceived'],
  ]) {
    const told = [];
    const tell = () => {
      page.receive(JSON.stringify({ call: sent[0].call, event, result: {} }));
      return told.splice(0).join();
    };
    const once = () => { told.push('once'); task[off](once); };
    const second = () => told.push('second');
    task[on](once);
    task[on](second);
    task[on](() => told.push('third'));
    assert.equal(tell(), 'once,second,third', 'one that removes itself hides none');
    assert.equal(tell(), 'second,third');
    task[off](second);
    assert.equal(tell(), 'third');
    task[off](() => {});
    assert.equal(tell(), 'third');
    task[off]();
    assert.equal(tell(), '');
  }
});

test('an abort is sent with the number of its task', () => {
  const { sent, page } = recorded();
  const tasks = [1, 2].map(() => page.wx.downloadFile({ url: 'https://a.test/' }));
  tasks[1].abort();
  tasks[0].abort();
  assert.deepEqual(sent.slice(2), [{ abort: sent[1].call }, { abort: sent[0].call }]);
});
