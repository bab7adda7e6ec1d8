'use strict';

/* Conversion of a file's content by wx.js, before it is sent. */
const assert = require('node:assert/strict');
const test = require('node:test');
const { Page } = require('./page.js');

const filePath = 'wxfile://usr/a';
const MOST = 100 * 1024 * 1024;

/* The messages of a call, by the asynchronous method and by its Sync method. */
function sentBy(api, options, parameters) {
  const sent = [];
  const page = new Page((text) => sent.push(JSON.parse(text).options), {
    sendSync: (text) => {
      sent.push(JSON.parse(text).options);
      return '{"success":{}}';
    },
  });
  page.fs[api]({ ...options, fail: ({ errMsg }) => assert.fail(errMsg) });
  page.fs[`${api}Sync`](...parameters);
  assert.equal(sent.length, 2);
  return sent;
}

/* The failures of both methods of a call. */
async function refusalOf(api, data, encoding) {
  const page = new Page(() => assert.fail('sent'), { sendSync: () => assert.fail('sent at once') });
  const { errMsg, errCode } = await page.failure(page.fs[api], { filePath, data, encoding });
  assert.throws(() => page.fs[`${api}Sync`](filePath, data, encoding), { errMsg: errMsg.replace(api, `${api}Sync`), errCode });
  assert.equal(errMsg.indexOf(`${api}:fail `), 0);
  return [errMsg.slice(`${api}:fail `.length), errCode];
}

test('every encoding writes the bytes that Node writes', () => {
  for (const [data, encoding] of [
    ['a', undefined], ['aé汉😀', 'utf8'], ['half \ud83d', 'utf8'], ['AP8Q', 'base64'], ['00FFaB', 'hex'], ['\xff\u0141', 'latin1'],
    ['a汉😀', 'utf16le'], ['half \ud83d', 'utf16le'], ['\udc00 half', 'ucs2'], ['\ud83d', 'utf-16le'],
  ]) {
    for (const api of ['writeFile', 'appendFile']) {
      for (const sent of sentBy(api, { filePath, data, encoding }, [filePath, data, encoding])) {
        assert.deepEqual(Buffer.from(sent.data, sent.encoding), Buffer.from(data, encoding), `${api} ${encoding}`);
        assert.equal(sent.filePath, filePath);
        /* Not every app's JSON parser accepts lone surrogates. */
        assert.equal(Buffer.from(sent.data).toString(), sent.data, `${api} ${encoding}`);
      }
    }
  }
});

test('bytes are written unchanged with every encoding', () => {
  const bytes = Buffer.from([0, 1, 2, 0xfe, 0xff]);
  const data = new Uint8Array(bytes).buffer;
  for (const encoding of [undefined, 'utf8', 'base64', 'hex', 'utf16le']) {
    for (const api of ['writeFile', 'appendFile']) {
      for (const sent of sentBy(api, { filePath, data, encoding }, [filePath, data, encoding])) {
        assert.deepEqual([sent.encoding, Buffer.from(sent.data, 'base64')], ['base64', bytes], `${api} ${encoding}`);
      }
    }
  }
});

test('a file is saved at the path of the page', () => {
  const tempFilePath = 'wxfile://tmp_0a';
  for (const sent of sentBy('saveFile', { tempFilePath, filePath }, [tempFilePath, filePath])) {
    assert.deepEqual(sent, { tempFilePath, filePath });
  }
});

test('more than 100 MiB is refused before it is encoded, in every form', { timeout: 120_000 }, async () => {
  const more = MOST + 1;
  for (const [encoding, data] of [
    [undefined, 'a'.repeat(more)], ['utf8', 'a'.repeat(more)], ['latin1', 'a'.repeat(more)], ['hex', 'ab'.repeat(more)],
    ['utf16le', 'a'.repeat(more / 2 + 1)], ['base64', 'AAAA'.repeat(Math.ceil(more / 3))], [undefined, new ArrayBuffer(more)],
    /* The size is checked first, so other errors of these values are not reported. */
    ['hex', '--'.repeat(more)], ['base64', '----'.repeat(Math.ceil(more / 3))],
  ]) {
    const refusal = ['the maximum size of the file storage limit is exceeded', 1300202];
    for (const api of ['writeFile', 'appendFile']) assert.deepEqual(await refusalOf(api, data, encoding), refusal, encoding);
  }
});

test('transferred bytes, and objects that only look like bytes, are refused', async () => {
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  for (const data of [detached, { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 3 }]) {
    for (const api of ['writeFile', 'appendFile']) {
      assert.deepEqual(await refusalOf(api, data), ['Invalid argument data', 1300022]);
    }
    const page = new Page(() => assert.fail('sent'));
    await assert.rejects(page.fs.writeFile({ filePath, data }), { errMsg: 'writeFile:fail Invalid argument data' });
  }
});
