'use strict';

/* wx.getFileSystemManager() and the four old file calls with the real library. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { Host } = require('./host.js');

const USR = 'wxfile://usr';

/* Values of the page's context have other Array, Object and ArrayBuffer constructors. */
const plain = (value) => JSON.parse(JSON.stringify(value));
const bytesOf = (buffer) => {
  assert.equal(Object.prototype.toString.call(buffer), '[object ArrayBuffer]');
  return Buffer.from(buffer);
};
const bufferOf = (bytes) => new Uint8Array(bytes).buffer;

function thrownBy(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing is thrown');
}

/* All lengths modulo three, and all byte values. */
const CONTENTS = [0, 1, 2, 3, 4, 256, 100_000].map((length) => Buffer.from(Array.from({ length }, (_, at) => at % 256)));

test('bytes are written and read unchanged', async (t) => {
  const { page } = await Host.start(t);
  const filePath = `${USR}/bytes`;
  for (const content of CONTENTS) {
    await page.success(page.fs.writeFile, { filePath, data: bufferOf(content) });
    const { data } = await page.success(page.fs.readFile, { filePath });
    assert.deepEqual(bytesOf(data), content);
    page.fs.writeFileSync(filePath, bufferOf(content), 'binary');
    assert.deepEqual(bytesOf(page.fs.readFileSync(filePath)), content);
  }
});

test('each encoding reads the bytes that it has written, and writes the same bytes as Node', async (t) => {
  const { page } = await Host.start(t);
  const filePath = `${USR}/text`;
  for (const [encoding, text] of [
    ['utf8', 'aé汉😀\u2028'], ['utf-8', ''], ['base64', 'AP8Q'], ['base64', '/w=='], ['hex', '00ff1a'], ['latin1', 'a\xe9\xff'],
    ['binary', '\x00\x80'], ['ascii', 'a~'], ['ucs2', 'a汉😀'], ['ucs-2', 'a'], ['utf16le', ''], ['utf-16le', 'b汉'],
  ]) {
    page.fs.writeFileSync(filePath, text, encoding);
    assert.deepEqual(bytesOf(page.fs.readFileSync(filePath)), Buffer.from(text, encoding), encoding);
    assert.equal(page.fs.readFileSync(filePath, encoding), text, encoding);
    await page.success(page.fs.writeFile, { filePath, data: text, encoding });
    assert.equal((await page.success(page.fs.readFile, { filePath, encoding })).data, text, encoding);
  }
  page.fs.writeFileSync(filePath, 'é');
  assert.equal(page.fs.readFileSync(filePath, 'utf8'), 'é');
});

test('bytes that are not UTF-8 are read with replacement characters', async (t) => {
  const { page } = await Host.start(t);
  page.fs.writeFileSync(`${USR}/a`, bufferOf([0x61, 0xff, 0x62]));
  assert.equal(page.fs.readFileSync(`${USR}/a`, 'utf8'), 'a\uFFFDb');
});

test('invalid base64 is an error', async (t) => {
  const { page } = await Host.start(t);
  for (const data of ['data:image/png;base64,aGVsbG8=', 'a', 'aGVsbG8']) {
    const options = { filePath: `${USR}/a`, data, encoding: 'base64' };
    const failure = await page.failure(page.fs.writeFile, options);
    assert.equal(failure.errMsg, 'writeFile:fail base64 encode error');
    assert.equal(failure.errCode, 1300203);
    assert.equal(failure.errno, 1300203);
  }
});

test('a part of a file is read', async (t) => {
  const { page } = await Host.start(t);
  const filePath = `${USR}/a`;
  page.fs.writeFileSync(filePath, '0123456789');
  assert.equal(page.fs.readFileSync(filePath, 'utf8', 3, 4), '3456');
  assert.equal(page.fs.readFileSync(filePath, 'utf8', 3), '3456789');
  assert.equal(page.fs.readFileSync(filePath, 'utf8', undefined, 2), '01');
  assert.deepEqual(bytesOf(page.fs.readFileSync(filePath, undefined, 9, 1)), Buffer.from('9'));
  assert.equal((await page.failure(page.fs.readFile, { filePath, position: 10 })).errCode, 1301009);
  assert.equal((await page.failure(page.fs.readFile, { filePath, length: 11 })).errCode, 1301006);
});

test('a file is appended to', async (t) => {
  const { page } = await Host.start(t);
  const filePath = `${USR}/a`;
  page.fs.writeFileSync(filePath, 'one');
  await page.success(page.fs.appendFile, { filePath, data: ' two' });
  page.fs.appendFileSync(filePath, bufferOf(Buffer.from(' three')));
  assert.equal(page.fs.readFileSync(filePath, 'utf8'), 'one two three');
});

test('more than 100 MiB is neither written nor sent to the app', async (t) => {
  const { page } = await Host.start(t);
  const filePath = `${USR}/a`;
  const data = new ArrayBuffer(100 * 1024 * 1024 + 1);
  const failure = await page.failure(page.fs.writeFile, { filePath, data });
  assert.equal(failure.errMsg, 'writeFile:fail the maximum size of the file storage limit is exceeded');
  assert.equal(failure.errCode, 1300202);
});

test('stat returns the attributes of a file and a directory', async (t) => {
  const { page } = await Host.start(t);
  const before = Math.floor(Date.now() / 1000) - 1;
  page.fs.mkdirSync(`${USR}/d/e`, true);
  page.fs.writeFileSync(`${USR}/d/e/f`, '12345');
  const { stats } = await page.success(page.fs.stat, { path: `${USR}/d/e/f` });
  assert.deepEqual([stats.isFile(), stats.isDirectory(), stats.size], [true, false, 5]);
  for (const time of [stats.lastAccessedTime, stats.lastModifiedTime]) {
    assert.ok(Number.isInteger(time) && time >= before && time <= Date.now() / 1000 + 1, time);
  }
  assert.deepEqual(Object.keys(stats), ['mode', 'size', 'lastAccessedTime', 'lastModifiedTime']);
  const directory = page.fs.statSync(`${USR}/d`);
  assert.deepEqual([directory.isFile(), directory.isDirectory()], [false, true]);
  const all = page.fs.statSync(`${USR}/d`, true);
  const found = all.map((entry) => `${entry.path} ${entry.stats.isDirectory()}`).sort();
  assert.deepEqual(plain(found), ['/ true', '/e true', '/e/f false']);
  assert.equal(page.fs.statSync(`${USR}/d/e/f`, true).isFile(), true);
});

test('directories are made, listed and removed', async (t) => {
  const { page } = await Host.start(t);
  await page.success(page.fs.mkdir, { dirPath: `${USR}/a` });
  const again = await page.failure(page.fs.mkdir, { dirPath: `${USR}/a` });
  assert.equal(again.errCode, 1301005);
  assert.match(again.errMsg, /^mkdir:fail file already exists/);
  assert.equal((await page.failure(page.fs.mkdir, { dirPath: `${USR}/x/y` })).errCode, 1300002);
  page.fs.mkdirSync(`${USR}/a/b/c`, true);
  page.fs.writeFileSync(`${USR}/a/汉`, '1');
  assert.deepEqual(plain((await page.success(page.fs.readdir, { dirPath: `${USR}/a` })).files).sort(), ['b', '汉']);
  assert.deepEqual(plain(page.fs.readdirSync(`${USR}/a/b/c`)), []);
  assert.equal((await page.failure(page.fs.rmdir, { dirPath: `${USR}/a` })).errCode, 1300066);
  page.fs.rmdirSync(`${USR}/a/b/c`);
  await page.success(page.fs.rmdir, { dirPath: `${USR}/a`, recursive: true });
  assert.equal((await page.failure(page.fs.access, { path: `${USR}/a` })).errCode, 1300002);
});

test('files are copied, renamed and removed', async (t) => {
  const host = await Host.start(t);
  const { page } = host;
  const chosen = await host.chosen('abc');
  await page.success(page.fs.copyFile, { srcPath: chosen, destPath: `${USR}/a` });
  page.fs.copyFileSync(`${USR}/a`, `${USR}/b`);
  await page.success(page.fs.rename, { oldPath: `${USR}/a`, newPath: `${USR}/c` });
  page.fs.renameSync(`${USR}/b`, `${USR}/d`);
  assert.deepEqual(plain(page.fs.readdirSync(USR)).sort(), ['c', 'd']);
  assert.equal(page.fs.accessSync(chosen), undefined);
  await page.success(page.fs.unlink, { filePath: `${USR}/c` });
  assert.equal(page.fs.unlinkSync(`${USR}/d`), undefined);
  assert.deepEqual(plain(page.fs.readdirSync(USR)), []);
});

test('getFileInfo returns the digest of a file', async (t) => {
  const { page } = await Host.start(t);
  const filePath = `${USR}/a`;
  page.fs.writeFileSync(filePath, 'abc');
  /* RFC 1321 §A.5 and FIPS 180-2, appendices A and B. */
  for (const [digestAlgorithm, digest] of [
    [undefined, '900150983cd24fb0d6963f7d28e17f72'],
    ['md5', '900150983cd24fb0d6963f7d28e17f72'],
    ['sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ]) {
    const info = await page.success(page.fs.getFileInfo, { filePath, digestAlgorithm });
    assert.deepEqual([info.size, info.digest], [3, digest]);
  }
  assert.equal((await page.failure(page.fs.getFileInfo, { filePath, digestAlgorithm: 'crc' })).errCode, 1300022);
});

test('wx and the manager have the same saved files', async (t) => {
  const host = await Host.start(t);
  const { page } = host;
  const { savedFilePath } = await page.wx.saveFile({ tempFilePath: await host.chosen('1234567890') });
  const second = page.fs.saveFileSync(await host.chosen('12'));
  assert.equal(page.fs.saveFileSync(await host.chosen('123'), `${USR}/kept`), `${USR}/kept`);
  const { fileList } = await page.success(page.fs.getSavedFileList, {});
  const sizes = Object.fromEntries(fileList.map(({ filePath, size }) => [filePath, size]));
  assert.deepEqual(sizes, { [savedFilePath]: 10, [second]: 2 });
  const info = await page.wx.getSavedFileInfo({ filePath: savedFilePath });
  assert.ok(info.size === 10 && Math.abs(info.createTime - Date.now() / 1000) < 600);
  await page.success(page.fs.removeSavedFile, { filePath: second });
  await page.wx.removeSavedFile({ filePath: savedFilePath });
  assert.deepEqual(plain((await page.wx.getSavedFileList()).fileList), []);
  await assert.rejects(page.wx.saveFile({ tempFilePath: 'wxfile://tmp_00' }), { errCode: 1301112, errno: 1301112 });
});

test('a failure contains the name of the call that the page made', async (t) => {
  const { page } = await Host.start(t);
  const path = `${USR}/none`;
  const failure = await page.failure(page.fs.unlink, { filePath: path });
  const expected = { errMsg: `unlink:fail no such file or directory ${path}`, errCode: 1300002, errno: 1300002 };
  assert.deepEqual({ ...failure }, expected);
  const thrown = thrownBy(() => page.fs.unlinkSync(path));
  const { message, errMsg, errCode, errno } = thrown;
  const errMsgSync = `unlinkSync:fail no such file or directory ${path}`;
  assert.deepEqual({ message, errMsg, errCode, errno }, { ...expected, message: errMsgSync, errMsg: errMsgSync });
  assert.equal(thrownBy(() => page.fs.readFileSync()).errMsg,
    'readFileSync:fail parameter error: parameter.filePath should be String instead of Undefined;');
});

test('file calls refuse a path outside the sandbox', async (t) => {
  const { page } = await Host.start(t);
  for (const path of ['/etc/passwd', 'wxfile://usr/../../a', 'file:///etc/passwd']) {
    assert.equal((await page.failure(page.fs.access, { path })).errCode, 1300014, path);
  }
});

/* A rule for all calls: an empty text is a value, except for an optional parameter, which then counts as missing. */
test('an empty text is not a missing parameter', async (t) => {
  const { page } = await Host.start(t, ['--skip-domain-check']);
  const { fs, wx } = page;
  const good = `${USR}/a`;
  fs.writeFileSync(good, 'abc');
  for (const [call, parameters] of Object.entries({
    access: ['path'], stat: ['path'], unlink: ['filePath'], copyFile: ['srcPath', 'destPath'],
    rename: ['oldPath', 'newPath'], mkdir: ['dirPath'], rmdir: ['dirPath'], readdir: ['dirPath'],
    getFileInfo: ['filePath'], readFile: ['filePath'], removeSavedFile: ['filePath'], saveFile: ['tempFilePath'],
    writeFile: ['filePath'], appendFile: ['filePath'],
  })) {
    for (const empty of parameters) {
      const options = Object.fromEntries(parameters.map((name) => [name, name === empty ? '' : good]));
      const failure = await page.failure(fs[call], { ...options, data: 'x' });
      assert.equal(failure.errCode, call === 'saveFile' ? 1301112 : 1300002, `${call} ${empty}`);
    }
  }
  for (const call of [wx.getSavedFileInfo, wx.removeSavedFile]) {
    assert.equal((await page.failure(call, { filePath: '' })).errno, 1300002);
  }
  const url = 'https://a.test/';
  for (const [call, options, errno] of [
    [wx.downloadFile, { url: '' }, 600009],
    [wx.uploadFile, { url: '', filePath: good, name: 'file' }, 600009],
    [wx.uploadFile, { url, filePath: good, name: '' }, 600010],
    [wx.uploadFile, { url, filePath: '', name: 'file' }, 1300002],
  ]) {
    assert.equal((await page.failure(call, options)).errno, errno, JSON.stringify(options));
  }
  assert.deepEqual(await fs.readFile({ filePath: good, encoding: '' }), await fs.readFile({ filePath: good }));
  assert.equal((await fs.getFileInfo({ filePath: good, digestAlgorithm: '' })).digest, '900150983cd24fb0d6963f7d28e17f72');
  assert.equal((await fs.writeFile({ filePath: good, data: '', encoding: '' })).errMsg, 'writeFile:ok');
  assert.equal((await fs.stat({ path: good })).stats.size, 0);
});

test('a synchronous answer does not disturb events of other calls', async (t) => {
  const host = await Host.start(t);
  const { page } = host;
  page.fs.writeFileSync(`${USR}/a`, 'abc');
  const pending = page.success(page.fs.readFile, { filePath: `${USR}/a`, encoding: 'utf8' });
  for (let count = 0; count < 20; count++) assert.equal(page.fs.readFileSync(`${USR}/a`, 'utf8'), 'abc');
  assert.equal((await pending).data, 'abc');
});

test('a file call of a closed session fails', async (t) => {
  const host = await Host.start(t);
  await host.control('close');
  const failure = await host.page.failure(host.page.fs.access, { path: USR });
  assert.deepEqual({ ...failure }, { errMsg: 'access:fail session closed', errno: 1300201, errCode: 1300201 });
  assert.equal(thrownBy(() => host.page.fs.accessSync(USR)).errMsg, 'accessSync:fail session closed');
});

/* Messages that wx.js never sends, but another sender may. */
test('a message that is not as described is refused without an effect', async (t) => {
  const host = await Host.start(t);
  const { page } = host;
  const filePath = `${USR}/a`;
  page.fs.writeFileSync(filePath, 'abc');
  const invalid = (name) => [`Invalid argument ${name}`, 1300022];
  const outOfRange = (name) => [`value of ${name} is out of range`, name === 'length' ? 1301006 : 1301009];
  const data = 'YQ==';
  for (const [api, options, [reason, number]] of [
    ...['writeFile', 'appendFile'].flatMap((api) => [
      [api, { filePath, encoding: 'utf8' }, invalid('data')],
      [api, { filePath, encoding: 'utf8', data: 5 }, invalid('data')],
      [api, { filePath, encoding: 'utf8', data: null }, invalid('data')],
      [api, { filePath, data }, invalid('encoding')],
      [api, { filePath, data, encoding: 'hex' }, invalid('encoding')],
      [api, { filePath, data: '@@@', encoding: 'base64' }, ['base64 encode error', 1300203]],
    ]),
    ['readFile', { filePath }, invalid('encoding')],
    ...[-1, 0.5, '1', true, null, 2 ** 53, 1e300].flatMap((value) => ['position', 'length']
      .map((name) => ['readFile', { filePath, encoding: 'utf8', [name]: value }, outOfRange(name)])),
    ['readFile', { filePath, encoding: 'utf8', length: 0 }, outOfRange('length')],
    ['mkdir', { dirPath: `${USR}/b/c`, recursive: 'true' }, invalid('recursive')],
    ['rmdir', { dirPath: USR, recursive: 1 }, invalid('recursive')],
    ['stat', { path: USR, recursive: 'false' }, invalid('recursive')],
    ['getFileInfo', { filePath }, invalid('digestAlgorithm')],
    ['getFileInfo', { filePath, digestAlgorithm: 'crc' }, invalid('digestAlgorithm')],
  ]) {
    const answer = JSON.parse(host.sendSync(JSON.stringify({ api, options })));
    const expected = { fail: { errMsg: `${api}:fail ${reason}`, errno: number, errCode: number } };
    assert.deepEqual(answer, expected, JSON.stringify(options));
  }
  assert.equal(page.fs.readFileSync(filePath, 'utf8'), 'abc');
  const whole = JSON.parse(host.sendSync(`{"api":"readFile","options":{"filePath":"${filePath}","encoding":"utf8","position":1.0}}`));
  assert.equal(whole.success.data, 'bc');
});
