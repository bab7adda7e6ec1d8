'use strict';

/* The file calls of a session. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { openSession, newDirectory } = require('./host.js');

const bytes = (text) => new TextEncoder().encode(text);
const text = (data) => new TextDecoder().decode(data);

test('saved files are created, listed and removed', async (t) => {
  const session = openSession(t);
  const imported = await session.importData({ data: bytes('hello').buffer, name: 'a.txt' });
  const saved = await session.saveFile({ tempFilePath: imported.file.filePath });
  assert.equal(saved.errMsg, 'saveFile:ok');
  assert.match(saved.file.filePath, /^wxfile:\/\/store_/);
  const { files } = await session.getSavedFileList();
  assert.deepEqual(files.map(({ filePath, size }) => [filePath, size]), [[saved.file.filePath, 5]]);
  assert.ok(Math.abs(files[0].createTime - Date.now() / 1000) < 3600);
  assert.equal((await session.getSavedFileInfo({ filePath: saved.file.filePath })).file.size, 5);
  assert.equal(fs.readFileSync((await session.resolvePath({ filePath: saved.file.filePath })).file.nativePath, 'utf8'), 'hello');
  assert.deepEqual(await session.removeSavedFile({ filePath: saved.file.filePath }), { errMsg: 'removeSavedFile:ok' });
  assert.deepEqual((await session.getSavedFileList()).files, []);
});

test("a host's files are imported by path and by descriptor", async (t) => {
  const session = openSession(t);
  const file = path.join(newDirectory(t), 'photo.jpg');
  fs.writeFileSync(file, '0123456789');
  const descriptor = fs.openSync(file, 'r');
  const second = await session.importFileDescriptor({ fileDescriptor: descriptor, length: 4, name: 'b.jpg' });
  fs.closeSync(descriptor);
  assert.equal(second.file.size, 4);
  const first = await session.importFile({ nativePath: file, mode: 'move' });
  assert.match(first.file.filePath, /^wxfile:\/\/tmp_.*\.jpg$/);
  assert.equal(fs.existsSync(file), false);
});

test('files below usr are written, read, inspected and removed', async (t) => {
  const session = openSession(t);
  await session.mkdir({ dirPath: 'wxfile://usr/a/b', recursive: true });
  await session.writeFile({ filePath: 'wxfile://usr/a/b/c', data: bytes('0123') });
  await session.writeFile({ filePath: 'wxfile://usr/a/b/c', data: bytes('89'), mode: 'append' });
  await session.writeFile({ filePath: 'wxfile://usr/a/b/c', data: bytes('xy'), mode: 'atPosition', position: 1 });
  assert.equal(text((await session.readFile({ filePath: 'wxfile://usr/a/b/c' })).data), '0xy389');
  assert.equal(text((await session.readFile({ filePath: 'wxfile://usr/a/b/c', position: 1, length: 2 })).data), 'xy');
  const info = await session.getFileInfo({ filePath: 'wxfile://usr/a/b/c', digestAlgorithm: 'md5' });
  assert.equal(info.digest, require('node:crypto').createHash('md5').update('0xy389').digest('hex'));
  assert.equal(info.file.size, 6);
  await session.copyFile({ srcPath: 'wxfile://usr/a/b/c', destPath: 'wxfile://usr/d' });
  await session.rename({ oldPath: 'wxfile://usr/d', newPath: 'wxfile://usr/a/e' });
  assert.deepEqual((await session.readdir({ dirPath: 'wxfile://usr/a' })).names, ['b', 'e']);
  const { stats } = await session.stat({ path: 'wxfile://usr/a', recursive: true });
  assert.deepEqual(
    stats.map(({ path: of, isFile, isDirectory }) => [of, isFile, isDirectory]),
    [['/', false, true], ['/b', false, true], ['/b/c', true, false], ['/e', true, false]]);
  await session.access({ path: 'wxfile://usr/a/e' });
  await session.unlink({ filePath: 'wxfile://usr/a/e' });
  await session.rmdir({ dirPath: 'wxfile://usr/a', recursive: true });
  await assert.rejects(session.access({ path: 'wxfile://usr/a' }), { errno: 1300002, errCode: 1300002, category: 'file', retryable: false });
});

test('an empty file is read, and a missing path or a wrong argument is refused', async (t) => {
  const session = openSession(t);
  await session.writeFile({ filePath: 'wxfile://usr/empty', data: new ArrayBuffer(0) });
  assert.equal((await session.readFile({ filePath: 'wxfile://usr/empty' })).data.byteLength, 0);
  await assert.rejects(session.readFile({}), { errno: 1300022 });
  assert.throws(() => session.readFile({ filePath: 'wxfile://usr/a', encoding: 'utf8' }), /readFile: encoding is no option/);
  assert.throws(() => session.writeFile({ filePath: 'wxfile://usr/a' }), /writeFile: data is missing/);
});

test('a file call that is refused is rejected with numbers and a reason', async (t) => {
  const session = openSession(t);
  const invalid = { errno: 1300022, errCode: 1300022, category: 'request', retryable: false, status: 1 };
  const cases = [
    [() => session.writeFile({ filePath: 'wxfile://usr/a', data: bytes('a'), position: 7 }), 'writeFile',
      "position is 7, but must be 0 unless mode is 'atPosition'"],
    [() => session.importFileDescriptor({ fileDescriptor: -3 }), 'importFileDescriptor', 'fileDescriptor is -3, which is not an open descriptor'],
  ];
  for (const [call, name, detail] of cases) {
    const promise = call();
    const text = `${name}:fail invalid argument`;
    await assert.rejects(promise, (failure) => failure instanceof Error);
    await assert.rejects(promise, { ...invalid, errMsg: text, message: text, detail });
  }
  assert.throws(() => session.prepare(''), { status: 1, detail: 'server is empty', message: 'prepare: invalid argument: server is empty' });
});
