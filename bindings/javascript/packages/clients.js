'use strict';

/* HTTP clients and platform adapters that call `wx` themselves. */
const assert = require('node:assert/strict');
const { assertProgress, assertUploaded, rejected } = require('./site.js');
const { startApplication } = require('./servers.js');

const FIELDS = { user: 'test' };

const axiosMiniprogram = (site) => site.load("export { default as axios, isAxiosError, CancelToken } from 'axios-miniprogram'");

const miniprogram = {
  name: 'axios-miniprogram',
  runs: {
    'upload: form fields, header, progress': async (t, site) => {
      const server = await startApplication(t);
      const { axios } = axiosMiniprogram(site);
      const progress = [];
      const response = await axios.post('upload', { name: 'file', filePath: site.filePath, user: 'test' }, {
        baseURL: server.url, upload: true, headers: { 'X-Token': 'tok' }, onUploadProgress: (info) => progress.push(info),
      });
      assertUploaded(response.data, FIELDS);
      assert.equal(server.seen[0].headers['x-token'], 'tok');
      assert.equal(response.headers['Content-Type'], 'application/json');
      assertProgress(progress.at(-1).totalBytesSent, progress.at(-1).totalBytesExpectedToSend);
    },
    'download: to a temporary file, to a named one': async (t, site) => {
      const server = await startApplication(t);
      const { axios } = axiosMiniprogram(site);
      const temporary = await axios.get(`${server.url}/bytes/5000`, {}, { download: true });
      assert.equal(site.read(temporary.data.tempFilePath), 'd'.repeat(5000));
      const filePath = `${site.wx.env.USER_DATA_PATH}/a.bin`;
      const named = await axios.get(`${server.url}/bytes/500`, { filePath }, { download: true });
      assert.equal(named.data.filePath, filePath);
      assert.equal(site.read(filePath), 'd'.repeat(500));
    },
    'answer 403': async (t, site) => {
      const server = await startApplication(t);
      const { axios, isAxiosError } = axiosMiniprogram(site);
      const error = await rejected(axios.post(`${server.url}/refused`, { name: 'file', filePath: site.filePath }, { upload: true }));
      assert.ok(isAxiosError(error));
      assert.deepEqual([error.response.status, error.response.data.code], [403, 40300]);
    },
    CancelToken: async (t, site) => {
      const server = await startApplication(t);
      const { axios, CancelToken } = axiosMiniprogram(site);
      const { token, cancel } = CancelToken.source();
      const reached = server.silent();
      const error = rejected(axios.get(`${server.url}/silent`, {}, { download: true, cancelToken: token }));
      await reached;
      const closed = new Promise((resolve) => server.seen[0].socket.on('close', resolve));
      cancel('enough');
      assert.equal((await error).message, 'enough');
      await closed;
    },
  },
  expectations: {
    'A failure has `errno` and `errMsg`, which it puts into `response.data`; WeChat gives `errno` in newer base libraries alone': async (t, site) => {
      const { axios } = axiosMiniprogram(site);
      const { url } = await startApplication(t);
      const error = await rejected(axios.get(`${url}/silent`, {}, { download: true, timeout: 100 }));
      assert.deepEqual({ ...error.response.data }, { errno: 5, errMsg: 'downloadFile:fail timeout' });
    },
    '`fileSize` of a download, which WeChat does not give: it is undefined': async (t, site) => {
      const { axios } = axiosMiniprogram(site);
      const { url } = await startApplication(t);
      assert.equal((await axios.get(`${url}/bytes/5`, {}, { download: true })).data.fileSize, undefined);
    },
  },
};

const leancloudUpload = (site) => site.load("export * from '@leancloud/platform-adapters-weapp'").upload;

const leancloud = {
  name: '@leancloud/platform-adapters-weapp',
  runs: {
    'upload: form fields, header, progress': async (t, site) => {
      const server = await startApplication(t);
      const progress = [];
      const response = await leancloudUpload(site)(`${server.url}/upload/201`, { field: 'f', data: { uri: site.filePath } }, {
        data: FIELDS, headers: { 'X-LC-Id': 'id' }, onprogress: (info) => progress.push(info),
      });
      assert.deepEqual([response.status, response.ok], [201, true]);
      assertUploaded(response.data, FIELDS, 'f');
      assert.equal(server.seen[0].headers['x-lc-id'], 'id');
      assert.equal(progress.at(-1).percent, 100);
      assertProgress(progress.at(-1).loaded, progress.at(-1).total);
    },
    'answer 403': async (t, site) => {
      const { url } = await startApplication(t);
      const response = await leancloudUpload(site)(`${url}/refused`, { field: 'f', data: { uri: site.filePath } });
      assert.deepEqual([response.status, response.ok, response.data.code], [403, false, 40300]);
    },
    'failure: a connection that ends': async (t, site) => {
      const { url } = await startApplication(t);
      const error = await rejected(leancloudUpload(site)(`${url}/dropped`, { field: 'f', data: { uri: site.filePath } }));
      assert.match(error.message, /^uploadFile:fail /);
    },
    'abort by a signal': async (t, site) => {
      const server = await startApplication(t);
      const controller = new AbortController();
      const reached = server.silent();
      const error = rejected(leancloudUpload(site)(`${server.url}/silent`, { field: 'f', data: { uri: site.filePath } }, controller));
      await reached;
      const closed = new Promise((resolve) => server.seen[0].socket.on('close', resolve));
      controller.abort();
      assert.equal((await error).name, 'AbortError');
      await closed;
    },
  },
  expectations: {
    'Every answer is JSON: the empty body of a 204 throws in its `success`, so its promise is never settled': async (t, site) => {
      const { url } = await startApplication(t);
      const receive = site.page.receive.bind(site.page);
      const thrown = new Promise((resolve) => {
        site.page.receive = (...message) => {
          try {
            receive(...message);
          } catch (error) {
            resolve(error);
          }
        };
      });
      const settled = leancloudUpload(site)(`${url}/empty`, { field: 'f', data: { uri: site.filePath } });
      assert.equal((await thrown).name, 'SyntaxError');
      /* The host's answer arrives after the call's `complete`. */
      await site.page.success(site.wx.getSavedFileList);
      assert.equal(await Promise.race([settled, Promise.resolve('waiting')]), 'waiting');
    },
  },
};

const cloudbaseRequest = (site, options) => {
  const { adapter } = site.load("import adapter from '@cloudbase/adapter-wx_mp'; export { adapter }");
  assert.equal(adapter.isMatch(), true);
  return new (adapter.genAdapter().reqClass)(options);
};

const cloudbase = {
  name: '@cloudbase/adapter-wx_mp',
  runs: {
    'upload: form fields, header, progress': async (t, site) => {
      const server = await startApplication(t);
      const progress = [];
      const response = await cloudbaseRequest(site).upload({
        url: `${server.url}/upload`, file: site.filePath, data: FIELDS, headers: { 'X-Token': 'tok' },
        onUploadProgress: (info) => progress.push(info),
      });
      assertUploaded(JSON.parse(response.data), FIELDS);
      assert.equal(server.seen[0].headers['x-token'], 'tok');
      assertProgress(progress.at(-1).totalBytesSent, progress.at(-1).totalBytesExpectedToSend);
    },
    'download, answer 404': async (t, site) => {
      const { url } = await startApplication(t);
      const request = cloudbaseRequest(site);
      const response = await request.download({ url: `${url}/bytes/5000`, headers: {} });
      assert.equal(site.read(response.tempFilePath), 'd'.repeat(5000));
      assert.equal((await request.download({ url: `${url}/missing`, headers: {} })).statusCode, 404);
    },
    'time limit of a download': async (t, site) => {
      const { url } = await startApplication(t);
      const error = await rejected(cloudbaseRequest(site, { timeout: 100 }).download({ url: `${url}/silent`, headers: {} }));
      assert.equal(error.errMsg, 'downloadFile:fail timeout');
    },
  },
  expectations: {
    'An upload that fails is resolved, not rejected, without a `statusCode`': async (t, site) => {
      const { url } = await startApplication(t);
      const response = await cloudbaseRequest(site).upload({ url: `${url}/dropped`, file: site.filePath, data: {}, headers: {} });
      assert.match(response.errMsg, /^uploadFile:fail /);
      assert.equal(response.statusCode, undefined);
    },
    'An upload over its time limit has the message `request:fail timeout`; the library gives `uploadFile:fail timeout`, with the name of the call as WeChat does, so the package does not print its warning': async (t, site) => {
      const { url } = await startApplication(t);
      const warnings = [];
      site.page.context.console = { warn: (text) => warnings.push(text) };
      const request = cloudbaseRequest(site, { timeout: 100 });
      const response = await request.upload({ url: `${url}/silent`, file: site.filePath, data: {}, headers: {} });
      assert.equal(response.errMsg, 'uploadFile:fail timeout');
      assert.deepEqual(warnings, []);
    },
  },
};

module.exports = [miniprogram, leancloud, cloudbase];
