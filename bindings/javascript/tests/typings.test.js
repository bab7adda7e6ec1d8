'use strict';

/*
 * Nothing of the calls that Tencent's types describe is missing, but what left-out.json names with its reason. What the
 * library has is what it reads, gives and answers here, not what a list says of it.
 */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Host } = require('./host.js');
const { Page } = require('./page.js');
const { startTestServers } = require('./servers.js');
const { members, taken, texts, fileErrors } = require('./typings.js');

const leftOut = require('./left-out.json');
const USR = 'wxfile://usr';
const used = new Set();

/* Everything that is asked for is there or left out, and nothing is both. */
function has(owner, wanted, there) {
  for (const name of wanted) {
    const key = `${owner}.${name}`;
    if (leftOut[key]) used.add(key);
    assert.notEqual(there.has(name), key in leftOut, key);
  }
}

const taking = (type) => /^\(\s*option\??: (\w+)/.exec(type);

/* The parameters that a call reads of an object that has all of them. */
function parametersRead(call, option) {
  const read = new Set();
  const values = { String: 'a', Number: 1, Boolean: true };
  const given = {};
  for (const [name, type] of Object.entries(members(option))) {
    const kind = /number/.test(type) ? 'Number' : /boolean/.test(type) ? 'Boolean' : 'String';
    const value = /IAnyObject/.test(type) ? {} : texts(type)[0] || values[kind];
    Object.defineProperty(given, name, { get: () => { read.add(name); return value; }, enumerable: true });
  }
  call(given);
  return read;
}

const kindOf = (value) => typeof value;
const recorded = () => new Page(() => {});

test('every parameter is known', () => {
  const { wx, fs: manager } = recorded();
  for (const [api, option] of [['uploadFile', 'UploadFileOption'], ['downloadFile', 'DownloadFileOption']]) {
    const read = parametersRead(wx[api], option);
    has(option, Object.keys(members(option)), read);
  }
  for (const [method, type] of Object.entries(members('FileSystemManager'))) {
    const option = taking(type);
    if (manager[method] && option) has(option[1], Object.keys(members(option[1])), parametersRead(manager[method], option[1]));
  }
});

test('every method is there', () => {
  const { wx, fs: manager } = recorded();
  has('FileSystemManager', Object.keys(members('FileSystemManager')), new Set(Object.keys(manager)));
  has('UploadTask', Object.keys(members('UploadTask')), new Set(Object.keys(wx.uploadFile())));
  has('DownloadTask', Object.keys(members('DownloadTask')), new Set(Object.keys(wx.downloadFile())));
});

test('a Sync method has its parameters in their order', () => {
  const page = new Page(() => {}, { sendSync: (text) => { page.sent = JSON.parse(text); return '{"success":{}}'; } });
  for (const [method, type] of Object.entries(members('FileSystemManager'))) {
    if (!method.endsWith('Sync') || !page.fs[method]) continue;
    const parameters = Array.from(type.matchAll(/(\w+)\??:\s*([^,)]*)/g), ([, name, of]) => [name, of]);
    const given = parameters.map(([name, of]) => (/boolean/.test(of) ? true : /number/.test(of) ? 1 : texts(of).includes('utf8') ? 'utf8' : name));
    try {
      page.fs[method](...given);
    } catch (error) {
      /* An empty answer has not what some of them return. */
      assert.equal(error.errMsg, undefined, `${method}: ${error.errMsg}`);
    }
    const sent = parameters.map(([name]) => page.sent.options[name]);
    assert.deepEqual(sent.map(kindOf), given.map(kindOf), method);
    assert.ok(sent.every((value, at) => value === given[at]), method);
  }
});

test('every value of a parameter is taken', () => {
  const sent = [];
  const { fs: manager } = new Page((text) => sent.push(JSON.parse(text)));
  for (const [api, option, parameter] of [
    ['readFile', 'ReadFileOption', 'encoding'], ['writeFile', 'WriteFileOption', 'encoding'],
    ['appendFile', 'AppendFileOption', 'encoding'], ['getFileInfo', 'GetFileInfoOption', 'digestAlgorithm'],
  ]) {
    const values = texts(members(option)[parameter]);
    assert.ok(values.length > 2);
    for (const value of values) {
      const before = sent.length;
      manager[api]({ filePath: 'a', data: '', [parameter]: value, fail: ({ errMsg }) => assert.fail(errMsg) });
      assert.equal(sent.length, before + 1, value);
    }
  }
});

test('every member of a transfer is given', async (t) => {
  const { tls, ca } = await startTestServers(t);
  const host = await Host.start(t, ['--skip-domain-check', '--all-local', '--ca', ca]);
  const { page } = host;
  const upload = { url: `${tls}/upload`, filePath: await host.chosen('abc'), name: 'file' };
  /* The speed is told of answers of 32 KiB and more. */
  const given = { uploadFile: [upload], downloadFile: [{ url: `${tls}/bytes/3000000` }, { url: `${tls}/bytes/5`, filePath: `${USR}/a` }] };
  const profiled = new Set();
  for (const [api, Api] of [['uploadFile', 'UploadFile'], ['downloadFile', 'DownloadFile']]) {
    const there = new Set();
    for (const options of given[api]) {
      const listened = {};
      const success = page.only('success', await page.callbacks((all) => {
        const task = page.wx[api](all);
        task.onProgressUpdate((result) => { listened.progress = result; });
        task.onHeadersReceived((result) => { listened.headers = result; });
        return task;
      }, options));
      Object.keys(success).forEach((name) => there.add(name));
      Object.keys(success.profile).forEach((name) => profiled.add(name));
      const task = Api.replace('File', 'Task');
      const progress = `${task}OnProgressUpdateListenerResult`;
      has(progress, Object.keys(members(progress)), new Set(Object.keys(listened.progress)));
      const headers = 'DownloadTaskOnHeadersReceivedListenerResult';
      has(headers, Object.keys(members(headers)), new Set(Object.keys(listened.headers)));
    }
    const result = taken(`${Api}SuccessCallback`);
    has(result, Object.keys(members(result)), there);
  }
  has('RequestProfile', Object.keys(members('RequestProfile')), profiled);
});

test('every member of a file call is given', async (t) => {
  const host = await Host.start(t);
  const { page } = host;
  page.fs.writeFileSync(`${USR}/a`, 'abc');
  page.fs.mkdirSync(`${USR}/d`);
  const saved = page.fs.saveFileSync(await host.chosen('a'));
  const filePath = `${USR}/a`;
  const given = {
    access: { path: filePath },
    stat: { path: `${USR}/d`, recursive: true },
    copyFile: { srcPath: filePath, destPath: `${USR}/b` },
    rename: { oldPath: `${USR}/b`, newPath: `${USR}/c` },
    unlink: { filePath: `${USR}/c` },
    mkdir: { dirPath: `${USR}/e` },
    rmdir: { dirPath: `${USR}/e` },
    readdir: { dirPath: USR },
    getFileInfo: { filePath },
    getSavedFileList: {},
    removeSavedFile: { filePath: saved },
    saveFile: { tempFilePath: await host.chosen('b') },
    readFile: { filePath },
    writeFile: { filePath, data: 'a' },
    appendFile: { filePath, data: 'a' },
  };
  assert.deepEqual(Object.keys(page.fs).filter((method) => !method.endsWith('Sync')).sort(), Object.keys(given).sort());
  for (const [api, options] of Object.entries(given)) {
    const Api = api[0].toUpperCase() + api.slice(1);
    const success = await page.success(page.fs[api], options);
    const result = taken(`${Api}SuccessCallback`);
    has(result === 'FileError' ? 'FileError of a success' : result, Object.keys(members(result)), new Set(Object.keys(success)));
    if (api === 'getSavedFileList') has('FileItem', Object.keys(members('FileItem')), new Set(Object.keys(success.fileList[0])));
    if (api === 'stat') {
      has('FileStats', Object.keys(members('FileStats')), new Set(Object.keys(success.stats[0])));
      const { stats } = success.stats[0];
      has('Stats', Object.keys(members('Stats')), new Set(Object.keys(members('Stats')).filter((name) => name in stats)));
    }
    if (api === 'getSavedFileList') continue;
    const failure = await page.failure(page.fs[api], {});
    has(taken(`${Api}FailCallback`), Object.keys(members('FileError')), new Set(Object.keys(failure)));
  }
});

test('every number of FileError is given or left out', () => {
  const root = path.join(__dirname, '../../..');
  const header = fs.readFileSync(path.join(root, 'include/wxtransfer.h'), 'utf8');
  const script = fs.readFileSync(path.join(__dirname, '../wx.js'), 'utf8');
  const named = [...header.matchAll(/#define WXT_ERRNO_\w+ (\d+)/g), ...script.matchAll(/var [A-Z0-9_]+ = (\d+);/g)];
  assert.ok(fileErrors().length > 30);
  has('FileError', fileErrors().map(String), new Set(named.map(([, number]) => number)));
});

test('what is left out has a reason, and is in the types', () => {
  for (const [name, reason] of Object.entries(leftOut)) assert.ok(reason.length > 10, name);
  assert.deepEqual(Object.keys(leftOut).filter((name) => !used.has(name)), []);
});
