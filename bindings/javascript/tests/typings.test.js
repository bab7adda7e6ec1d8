'use strict';

/*
 * Compares the calls with Tencent's types. left-out.json and added.json list the differences with their reasons. The library's
 * side is its observed behaviour in these tests, not a list.
 */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Host } = require('./host.js');
const { Page } = require('./page.js');
const { startTestServers } = require('./servers.js');
const { alternatives, fileErrors, isArray, kindOf, kinds, members, shape, taken, texts } = require('./typings.js');

const leftOut = require('./left-out.json');
const added = require('./added.json');
const USR = 'wxfile://usr';
const used = new Set();

const typeOf = (value) => Object.prototype.toString.call(value).slice('[object '.length, -1);

/* Checks that everything in the types exists or is in left-out.json, and that everything else is in added.json. */
function compare(owner, wanted, there) {
  const differs = (list, name, is) => {
    const key = `${owner}.${name}`;
    if (key in list) used.add(key);
    assert.equal(key in list, is, key);
  };
  for (const name of wanted) differs(leftOut, name, !there.has(name));
  for (const name of there) differs(added, name, !wanted.includes(name));
}

/* Values to compare with their types. Several values together may show all members of an object. */
class Seen {
  constructor() {
    this.owners = new Map();
  }

  /* `name` is the name of an object whose type is named otherwise. */
  add(type, value, place, name) {
    const kind = typeOf(value);
    const fitting = alternatives(type).find((one) => kindOf(one) === kind);
    assert.ok(fitting, `${place} is ${kind} and not ${kinds(type)}`);
    if (isArray(fitting)) Array.from(value).forEach((element) => this.add(fitting.elementType, element, `${place}[]`));
    const known = kind === 'Object' && shape(fitting, place);
    if (!known) return;
    const owner = name || known.name;
    if (!this.owners.has(owner)) this.owners.set(owner, { wanted: Object.keys(known.members), there: new Set() });
    for (const member in value) {
      this.owners.get(owner).there.add(member);
      if (known.members[member]) this.add(known.members[member].type, value[member], `${owner}.${member}`);
    }
  }

  compare() {
    for (const [owner, { wanted, there }] of this.owners) compare(owner, wanted, there);
  }
}

const WX = members('Wx');
const MANAGER = members('FileSystemManager');
const TRANSFERS = ['uploadFile', 'downloadFile'];

/* A page's calls of both kinds, with the name of their options' type. */
function calls({ wx, fs: manager }) {
  const option = (method) => shape(method.parameters[0].type).name;
  return [
    ...TRANSFERS.map((api) => ({ api, call: wx[api], option: option(WX[api]) })),
    ...Object.keys(MANAGER).filter((api) => manager[api] && !api.endsWith('Sync'))
      .map((api) => ({ api, call: manager[api], option: option(MANAGER[api]) })),
  ];
}

const callbacksOf = (option) => ['success', 'fail', 'complete'].filter((name) => members(option)[name]);

/* A page that counts its messages. */
function counting() {
  const page = new Page(() => { page.count++; }, { sendSync: (text) => { page.count++; page.sent = JSON.parse(text); return '{"success":{}}'; } });
  page.count = 0;
  page.takes = (call) => {
    const before = page.count;
    try {
      call();
    } catch (error) {
      /* An empty answer lacks the members that some calls return. */
      if (!/:fail (parameter error|internal error)/.test(error.errMsg)) throw error;
    }
    return page.count > before;
  };
  return page;
}

const SAMPLES = {
  String: 'a', Number: 1, Boolean: true, Object: {}, ArrayBuffer: new ArrayBuffer(1), Array: [], Function() {}, Null: null,
};
const sample = (type, kind = kinds(type)[0]) => (kind === 'String' && texts(type)[0]) || SAMPLES[kind];

/* Checks that a call accepts the kinds of values that the types name for each parameter, and no parameter if it is optional. */
function checkKinds(place, parameters, takes) {
  const required = Object.fromEntries(parameters.filter(({ optional }) => !optional).map(({ name, type }) => [name, sample(type)]));
  for (const { name, type, optional } of parameters) {
    const taking = Object.keys(SAMPLES).filter((kind) => kind !== 'Null' && takes({ ...required, [name]: sample(type, kind) }));
    assert.deepEqual(taking.sort(), kinds(type), `${place}.${name}`);
    for (const nothing of [undefined, null]) {
      assert.equal(takes({ ...required, [name]: nothing }), optional, `${place}.${name} is ${nothing}`);
    }
    for (const text of texts(type)) assert.ok(takes({ ...required, [name]: text }), `${place}.${name} is ${text}`);
  }
}

test('a call reads the parameters of the types, with their kinds of values', () => {
  const page = counting();
  for (const { api, call, option } of calls(page)) {
    const read = new Set();
    const get = (_, name) => {
      if (typeof name === 'string') read.add(name);
      return name === 'fail' ? () => {} : undefined;
    };
    call(new Proxy({}, { get }));
    compare(option, Object.keys(members(option)), read);
    const parameters = Object.entries(members(option)).map(([name, of]) => ({ name, ...of }))
      .filter(({ name }) => read.has(name) && !callbacksOf(option).includes(name));
    checkKinds(option, parameters, (options) => page.takes(() => call({ ...options, fail() {} })));
    for (const name of callbacksOf(option)) assert.deepEqual(kinds(members(option)[name].type), ['Function'], `${api} ${name}`);
  }
});

test('a Sync method takes the parameters of the types in their order, with their kinds of values', () => {
  const page = counting();
  for (const [method, { parameters }] of Object.entries(MANAGER)) {
    if (!method.endsWith('Sync') || !page.fs[method]) continue;
    const call = (options) => page.fs[method](...parameters.map(({ name }) => options[name]));
    checkKinds(method, parameters, (options) => page.takes(() => call(options)));
    const given = Object.fromEntries(parameters.map(({ name, type }) => [name, texts(type).includes('utf8') ? 'utf8' : sample(type, kinds(type).at(-1))]));
    assert.ok(page.takes(() => call(given)), method);
    assert.deepEqual(Object.keys(page.sent.options).sort(), Object.keys(given).sort(), method);
    for (const [name, value] of Object.entries(given)) assert.equal(page.sent.options[name], value, `${method}.${name}`);
  }
});

test('wx, its tasks and its manager have the members of the types', () => {
  const page = counting();
  const seen = new Seen();
  for (const api of TRANSFERS) seen.add(WX[api].result, page.wx[api](), api);
  seen.add(WX.getFileSystemManager.result, page.wx.getFileSystemManager(), 'getFileSystemManager');
  seen.add(WX.env.type, page.wx.env, 'wx.env');
  seen.compare();
});

test('the results of a transfer are those of the types', async (t) => {
  const { tls, ca } = await startTestServers(t);
  const host = await Host.start(t, ['--skip-domain-check', '--all-local', '--ca', ca]);
  const { page } = host;
  const upload = { url: `${tls}/upload`, filePath: await host.chosen('abc'), name: 'file' };
  /* The speed is only reported for answers of 32 KiB and more. */
  const given = { uploadFile: [upload], downloadFile: [{ url: `${tls}/bytes/3000000` }, { url: `${tls}/bytes/5`, filePath: `${USR}/a` }] };
  const seen = new Seen();
  for (const api of TRANSFERS) {
    const option = members(shape(WX[api].parameters[0].type).name);
    const task = members(shape(WX[api].result).name);
    const listener = (on) => taken(task[on].parameters[0].type);
    for (const options of given[api]) {
      const listened = {};
      const events = await page.callbacks((all) => {
        const started = page.wx[api](all);
        started.onProgressUpdate((result) => { listened.progress = result; });
        started.onHeadersReceived((result) => { listened.headers = result; });
        return started;
      }, options);
      seen.add(taken(option.success.type), page.only('success', events), api);
      seen.add(listener('onProgressUpdate'), listened.progress, api);
      seen.add(listener('onHeadersReceived'), listened.headers, api);
    }
    for (const options of [{}, { ...given[api][0], url: 'ftp://a.test/' }, { ...given[api][0], url: 'https://127.0.0.1:1/' }]) {
      seen.add(taken(option.fail.type), await page.failure(page.wx[api], options), api);
    }
  }
  seen.compare();
});

test('the results of a file call are those of the types', async (t) => {
  const host = await Host.start(t);
  const { page } = host;
  page.fs.writeFileSync(`${USR}/a`, 'abc');
  page.fs.mkdirSync(`${USR}/d`);
  const saved = page.fs.saveFileSync(await host.chosen('a'));
  const filePath = `${USR}/a`;
  const given = {
    access: [{ path: filePath }],
    stat: [{ path: `${USR}/d`, recursive: true }, { path: filePath }],
    copyFile: [{ srcPath: filePath, destPath: `${USR}/b` }],
    rename: [{ oldPath: `${USR}/b`, newPath: `${USR}/c` }],
    unlink: [{ filePath: `${USR}/c` }],
    mkdir: [{ dirPath: `${USR}/e` }],
    readdir: [{ dirPath: USR }],
    rmdir: [{ dirPath: `${USR}/e` }],
    getFileInfo: [{ filePath }],
    getSavedFileList: [{}],
    removeSavedFile: [{ filePath: saved }],
    saveFile: [{ tempFilePath: await host.chosen('b') }],
    readFile: [{ filePath }, { filePath, encoding: 'utf8' }],
    writeFile: [{ filePath, data: 'a' }],
    appendFile: [{ filePath, data: 'a' }],
  };
  assert.deepEqual(calls(page).map(({ api }) => api).filter((api) => !TRANSFERS.includes(api)).sort(), Object.keys(given).sort());
  const seen = new Seen();
  for (const [api, all] of Object.entries(given)) {
    for (const options of all) {
      const success = await page.success(page.fs[api], options);
      /* The types use FileError also for a success that contains only `ok`. */
      const option = members(shape(MANAGER[api].parameters[0].type).name);
      const isNamedError = taken(option.success.type).getText() === 'FileError';
      seen.add(taken(option.success.type), success, api, isNamedError ? 'FileError of a success' : undefined);
    }
  }
  for (const [method, { parameters, result }] of Object.entries(MANAGER)) {
    const all = method.endsWith('Sync') && page.fs[method] && given[method.slice(0, -'Sync'.length)];
    if (!all) continue;
    if (method === 'saveFileSync') all[0].tempFilePath = await host.chosen('c');
    for (const options of all) seen.add(result, page.fs[method](...parameters.map(({ name }) => options[name])), method);
  }
  await host.control('close');
  for (const [api, all] of Object.entries(given)) {
    const option = members(shape(MANAGER[api].parameters[0].type).name);
    seen.add(taken(option.fail.type), await page.failure(page.fs[api], all[0]), api);
  }
  seen.compare();
});

/* The call of a page that fails with each number. */
const FAILING = {
  1300001: (page) => page.fs.unlinkSync(`${USR}/directory`),
  1300002: (page) => page.fs.accessSync(`${USR}/none`),
  1300014: (page) => page.fs.accessSync('/etc/hosts'),
  1300020: (page) => page.fs.readdirSync(`${USR}/file`),
  1300021: (page) => page.fs.readFileSync(`${USR}/directory`),
  1300022: (page) => page.fs.renameSync(`${USR}/directory`, `${USR}/directory/below`),
  1300036: (page) => page.fs.mkdirSync(`${USR}/${'a'.repeat(300)}`),
  1300066: (page) => page.fs.rmdirSync(`${USR}/full`),
  1300202: (page) => page.fs.writeFileSync(`${USR}/file`, new ArrayBuffer(100 * 1024 * 1024 + 1)),
  1300203: (page) => page.fs.writeFileSync(`${USR}/file`, 'a', 'base64'),
  1301003: (page) => page.fs.writeFileSync(`${USR}/directory`, 'a'),
  1301005: (page) => page.fs.mkdirSync(`${USR}/directory`),
  1301006: (page) => page.fs.readFileSync(`${USR}/file`, 'utf8', 0, 4),
  1301009: (page) => page.fs.readFileSync(`${USR}/file`, 'utf8', 3),
  1301112: (page) => page.fs.saveFileSync('wxfile://tmp_0a'),
};

/* Numbers that need a failure of the environment or a call of the app, each with a test that provokes it. */
const FILES = 'tests/files.rs';
const GIVEN_BY = {
  1300005: [FILES, 'denied_access_and_device_failures_have_their_own_errno'],
  1300009: [FILES, 'failed_import_leaves_the_hosts_file'],
  1300013: [FILES, 'denied_access_and_device_failures_have_their_own_errno'],
  1300201: ['ffi-tests/programs/errnos.c', 'no_descriptors'],
};

const projectFile = (name) => fs.readFileSync(path.join(__dirname, '../../..', name), 'utf8');

/* The C interface's name of a number. */
function nameOfNumber(number) {
  const [, name] = new RegExp(`#define (WXT_ERRNO_\\w+) ${number}\\b`).exec(projectFile('include/wxtransfer.h')) || [];
  assert.ok(name, `the C interface has no ${number}`);
  return name;
}

test('every number of FileError occurs with its text, or is left out', async (t) => {
  const { page } = await Host.start(t);
  page.fs.writeFileSync(`${USR}/file`, 'abc');
  page.fs.mkdirSync(`${USR}/directory`);
  page.fs.mkdirSync(`${USR}/full/a`, true);
  const rows = fileErrors();
  const given = new Set(Object.keys(GIVEN_BY));
  for (const [number, fail] of Object.entries(FAILING)) {
    let thrown = {};
    try {
      fail(page);
    } catch (error) {
      thrown = error;
    }
    assert.deepEqual([thrown.errCode, thrown.errno], [Number(number), Number(number)], `${number} ${thrown.errMsg}`);
    const [text] = (rows.get(number) || '').split(' ${');
    compare(`FileError.${number}`, [text], new Set(thrown.errMsg.includes(`:fail ${text}`) ? [text] : []));
    given.add(number);
  }
  for (const [number, [file, name]] of Object.entries(GIVEN_BY)) {
    const [body] = new RegExp(`\\b${name}\\([^]*?\\n}\\n`).exec(projectFile(file)) || [''];
    assert.ok(body.includes(nameOfNumber(number)), `${name} of ${file} does not give ${number}`);
  }
  assert.ok(rows.size > 30);
  compare('FileError', [...rows.keys()], given);
});

test('each difference that is listed exists and has a reason', () => {
  const all = { ...leftOut, ...added };
  for (const [name, reason] of Object.entries(all)) assert.ok(reason.length > 10, name);
  assert.deepEqual(Object.keys(all).filter((name) => !used.has(name)), []);
});
