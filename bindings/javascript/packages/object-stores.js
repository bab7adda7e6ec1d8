'use strict';

/* SDKs of object stores. */
const assert = require('node:assert/strict');
const { CONTENT, assertProgress } = require('./site.js');
const { startObjectStore } = require('./servers.js');

const COS = "import COS from 'cos-wx-sdk-v5'; export { COS }";
const SECRETS = { secretId: 'AKIDexample', secretKey: 'secret-key-example' };

function newCos(site, store, secretKey = SECRETS.secretKey) {
  const { COS: Cos } = site.load(COS);
  return new Cos({ SecretId: SECRETS.secretId, SecretKey: secretKey, Domain: store.url });
}

/* Resolves with the error and the data of the callback. */
const calledBack = (call) => new Promise((resolve) => call((error, data) => resolve({ error, data })));

const cos = {
  name: 'cos-wx-sdk-v5',
  runs: {
    'postObject: signed form, progress': async (t, site) => {
      const store = await startObjectStore(t, SECRETS);
      const progress = [];
      const { error, data } = await calledBack((done) => newCos(site, store).postObject({
        Bucket: 'b-1250000000', Region: 'ap-test', Key: 'a/图 1.txt', FilePath: site.filePath, 'x-cos-meta-a': 'b',
        onProgress: (info) => progress.push(info),
      }, done));
      assert.equal(error, null);
      assert.equal(store.objects.get('a/图 1.txt'), CONTENT);
      assert.equal(data.statusCode, 200);
      assert.match(data.ETag, /^"[0-9a-f]{32}"$/);
      assertProgress(progress.at(-1).loaded, progress.at(-1).total);
    },
    'uploadFile: size of the file, then the form': async (t, site) => {
      const store = await startObjectStore(t, SECRETS);
      const { error, data } = await calledBack((done) => newCos(site, store).uploadFile({
        Bucket: 'b-1250000000', Region: 'ap-test', Key: 'b', FilePath: site.filePath, SliceSize: 5e6,
      }, done));
      assert.equal(error, null);
      assert.equal(data.statusCode, 200);
      assert.equal(store.objects.get('b'), CONTENT);
    },
    'signed URL: download': async (t, site) => {
      const store = await startObjectStore(t, SECRETS);
      store.objects.set('a b', CONTENT);
      const url = newCos(site, store).getObjectUrl({ Bucket: 'b-1250000000', Region: 'ap-test', Key: 'a b', Sign: true }, () => {});
      const success = await site.page.success(site.wx.downloadFile, { url });
      assert.equal(site.read(success.tempFilePath), CONTENT);
    },
    'wrong key: XML error': async (t, site) => {
      const store = await startObjectStore(t, SECRETS);
      const { error } = await calledBack((done) => newCos(site, store, 'wrong').postObject({
        Bucket: 'b-1250000000', Region: 'ap-test', Key: 'a', FilePath: site.filePath,
      }, done));
      assert.equal(error.statusCode, 403);
      assert.equal(error.error.Code, 'SignatureDoesNotMatch');
    },
    'cancelTask': async (t, site) => {
      const store = await startObjectStore(t, SECRETS);
      const client = newCos(site, store);
      const reached = store.silent();
      let id;
      client.postObject({
        Bucket: 'b-1250000000', Region: 'ap-test', Key: 'silent', FilePath: site.filePath, onTaskReady: (task) => { id = task; },
      }, () => {});
      await reached;
      const closed = new Promise((resolve) => store.seen[0].socket.on('close', resolve));
      client.cancelTask(id);
      await closed;
      assert.equal(client.getTaskList()[0].state, 'canceled');
    },
  },
  expectations: {},
};

const TIM = "import TIMUploadPlugin from 'tim-upload-plugin'; export { TIMUploadPlugin }";

function timUpload(site, store, more, started = () => {}) {
  site.page.context.console = { log() {} };
  const { TIMUploadPlugin } = site.load(TIM);
  return calledBack((done) => started(new TIMUploadPlugin().uploadFile({
    url: `${store.url}/?sign=a%26b`, downloadUrl: `${store.url}/bucket/a.txt`, resources: site.filePath, ...more,
  }, done)));
}

const tim = {
  name: 'tim-upload-plugin',
  runs: {
    'uploadFile: form, header, progress': async (t, site) => {
      const store = await startObjectStore(t);
      const progress = [];
      const { error, data } = await timUpload(site, store, {
        fileKey: 'a.txt', headers: { 'X-Token': 'tok' }, onProgress: (info) => progress.push(info),
      });
      assert.equal(error, null);
      assert.equal(data.data.location, `${store.url}/bucket/a.txt`);
      assert.equal(store.objects.get('a.txt'), CONTENT);
      assert.equal(store.seen[0].headers['x-token'], 'tok');
      assert.equal(store.seen[0].url, '/?sign=a%26b');
      assert.equal(progress.at(-1).percent, 1);
      assertProgress(progress.at(-1).loaded, progress.at(-1).total);
    },
    abort: async (t, site) => {
      const store = await startObjectStore(t);
      const reached = store.silent();
      const { error, data } = await timUpload(site, store, { fileKey: 'silent' }, (task) => reached.then(() => task.abort()));
      assert.ok(Number.isNaN(error.code) && Number.isNaN(data.statusCode));
    },
    'time limit': async (t, site) => {
      const store = await startObjectStore(t);
      const { error } = await timUpload(site, store, { fileKey: 'silent', timeout: 100 });
      assert.ok(error);
    },
  },
  expectations: {},
};

module.exports = [cos, tim];
