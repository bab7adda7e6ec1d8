'use strict';

/* uni-app's layer over `wx`, and the clients that call its `uni`. */
const assert = require('node:assert/strict');
const { assertProgress, assertUploaded, rejected } = require('./site.js');
const { startApplication } = require('./servers.js');
const { policyRuns } = require('./stores.js');

const FIELDS = { user: 'test' };

function loadUni(site) {
  site.page.context.uni = site.load("import uni from '@dcloudio/uni-mp-weixin'; export { uni }").uni;
  return site.page.context.uni;
}

const uniApp = {
  name: '@dcloudio/uni-mp-weixin',
  runs: {
    'upload by callbacks: form fields, header, progress': async (t, site) => {
      const server = await startApplication(t);
      const uni = loadUni(site);
      const progress = [];
      const success = await new Promise((resolve, reject) => {
        uni.uploadFile({
          url: `${server.url}/upload`, filePath: site.filePath, name: 'file', formData: FIELDS, header: { 'X-Token': 'tok' },
          success: resolve, fail: reject,
        }).onProgressUpdate((info) => progress.push(info));
      });
      assertUploaded(JSON.parse(success.data), FIELDS);
      assert.equal(server.seen[0].headers['x-token'], 'tok');
      assertProgress(progress.at(-1).totalBytesSent, progress.at(-1).totalBytesExpectedToSend);
    },
    'download by a promise, then saveFile': async (t, site) => {
      const { url } = await startApplication(t);
      const uni = loadUni(site);
      const [, { tempFilePath }] = await uni.downloadFile({ url: `${url}/bytes/5000` });
      const [, { savedFilePath }] = await uni.saveFile({ tempFilePath });
      assert.equal(site.read(savedFilePath), 'd'.repeat(5000));
    },
    abort: async (t, site) => {
      const server = await startApplication(t);
      const uni = loadUni(site);
      const reached = server.silent();
      const error = await new Promise((resolve) => {
        const task = uni.downloadFile({ url: `${server.url}/silent`, fail: resolve });
        reached.then(() => task.abort());
      });
      assert.equal(error.errMsg, 'downloadFile:fail abort');
    },
    'failure: a connection that ends': async (t, site) => {
      const { url } = await startApplication(t);
      const [error] = await loadUni(site).downloadFile({ url: `${url}/dropped` });
      assert.match(error.errMsg, /^downloadFile:fail /);
    },
  },
  expectations: {},
};

const luchRequest = (site, baseURL) => {
  loadUni(site);
  const { Request } = site.load("import Request from 'luch-request'; export { Request }");
  return new Request({ baseURL });
};

const luch = {
  name: 'luch-request',
  runs: {
    'upload: form fields, header, cookies, progress': async (t, site) => {
      const server = await startApplication(t);
      const progress = [];
      const response = await luchRequest(site, server.url).upload('/upload', {
        filePath: site.filePath, name: 'file', formData: FIELDS, header: { 'X-Token': 'tok' },
        getTask: (task) => task.onProgressUpdate((info) => progress.push(info)),
      });
      assertUploaded(response.data, FIELDS);
      assert.equal(server.seen[0].headers['x-token'], 'tok');
      assert.deepEqual([...response.cookies], ['sid=1; Path=/', 'b=2']);
      assertProgress(progress.at(-1).totalBytesSent, progress.at(-1).totalBytesExpectedToSend);
    },
    'download with parameters': async (t, site) => {
      const server = await startApplication(t);
      const response = await luchRequest(site, server.url).download('/bytes/5000', { params: { a: '1 2' } });
      assert.equal(site.read(response.tempFilePath), 'd'.repeat(5000));
      assert.equal(server.seen[0].url, '/bytes/5000?a=1+2');
    },
    'answer 403': async (t, site) => {
      const { url } = await startApplication(t);
      const error = await rejected(luchRequest(site, url).upload('/refused', { filePath: site.filePath, name: 'file' }));
      assert.deepEqual([error.statusCode, error.data.code], [403, 40300]);
    },
    /* It rejects an answer without a success status, with the answer as the error. */
    ...policyRuns((site, { url, ...options }) => luchRequest(site, url).upload('', options).catch((answer) => answer)
      .then(({ statusCode, data }) => ({ statusCode, data }))),
    abort: async (t, site) => {
      const server = await startApplication(t);
      const reached = server.silent();
      const error = await rejected(luchRequest(site, server.url).download('/silent', {
        getTask: (task) => reached.then(() => task.abort()),
      }));
      assert.equal(error.errMsg, 'downloadFile:fail abort');
    },
  },
  expectations: {
    'The call takes `complete` alone, and its result may be written to': async (t, site) => {
      const { url } = await startApplication(t);
      const response = await luchRequest(site, url).upload('/upload', { filePath: site.filePath, name: 'file' });
      assert.equal(typeof response.rawData, 'string');
      assert.equal(response.config.method, 'UPLOAD');
    },
  },
};

const ALOVA = "export { createAlova } from 'alova'; import AdapterUniapp from '@alova/adapter-uniapp'; export { AdapterUniapp }";

const newAlova = (site, baseURL) => {
  loadUni(site);
  const { createAlova, AdapterUniapp } = site.load(ALOVA);
  return createAlova({ baseURL, ...AdapterUniapp() });
};

const alova = {
  name: '@alova/adapter-uniapp',
  runs: {
    'upload: form fields, header, progress': async (t, site) => {
      const server = await startApplication(t);
      const progress = [];
      const method = newAlova(site, server.url).Post('/upload', { name: 'file', filePath: site.filePath, user: 'test' }, {
        requestType: 'upload', headers: { 'X-Token': 'tok' },
      });
      method.onUpload((info) => progress.push(info));
      const response = await method.send();
      assertUploaded(JSON.parse(response.data), FIELDS);
      assert.equal(server.seen[0].headers['x-token'], 'tok');
      assertProgress(progress.at(-1).loaded, progress.at(-1).total);
    },
    'download: progress, named file': async (t, site) => {
      const { url } = await startApplication(t);
      const filePath = `${site.wx.env.USER_DATA_PATH}/a.bin`;
      const progress = [];
      const method = newAlova(site, url).Get('/bytes/5000', { requestType: 'download', filePath, cacheFor: 0 });
      method.onDownload((info) => progress.push(info));
      assert.equal((await method.send()).filePath, filePath);
      assert.equal(site.read(filePath), 'd'.repeat(5000));
      assert.equal(progress.at(-1).loaded, 5000);
    },
    abort: async (t, site) => {
      const server = await startApplication(t);
      const reached = server.silent();
      const method = newAlova(site, server.url).Get('/silent', { requestType: 'download' });
      reached.then(() => method.abort());
      assert.equal((await rejected(method.send())).message, 'downloadFile:fail abort');
    },
    'failure: a connection that ends': async (t, site) => {
      const { url } = await startApplication(t);
      const error = await rejected(newAlova(site, url).Get('/dropped', { requestType: 'download' }).send());
      assert.match(error.message, /^downloadFile:fail /);
    },
  },
  expectations: {},
};

const AXIOS = "export { default as axios } from 'axios'; export { createUniAppAxiosAdapter } from '@uni-helper/axios-adapter'";

const newAxios = (site, baseURL) => {
  loadUni(site);
  const { axios, createUniAppAxiosAdapter } = site.load(AXIOS);
  return { axios, client: axios.create({ baseURL, adapter: createUniAppAxiosAdapter() }) };
};

const uniHelper = {
  name: '@uni-helper/axios-adapter',
  runs: {
    'upload: form fields, header, onHeadersReceived': async (t, site) => {
      const server = await startApplication(t);
      const received = [];
      const response = await newAxios(site, server.url).client.upload('/upload', FIELDS, {
        name: 'file', filePath: site.filePath, headers: { 'X-Token': 'tok' }, onHeadersReceived: (info) => received.push(info),
      });
      assertUploaded(response.data, FIELDS);
      assert.equal(server.seen[0].headers['x-token'], 'tok');
      assert.equal(received[0].header['Content-Type'], 'application/json');
    },
    'download: progress': async (t, site) => {
      const { url } = await startApplication(t);
      const progress = [];
      const response = await newAxios(site, url).client.download('/bytes/5000', { onDownloadProgress: (info) => progress.push(info) });
      assert.equal(site.read(response.data), 'd'.repeat(5000));
      assert.deepEqual([progress.at(-1).loaded, progress.at(-1).progress], [5000, 1]);
    },
    'answer 403': async (t, site) => {
      const { url } = await startApplication(t);
      const error = await rejected(newAxios(site, url).client.upload('/refused', FIELDS, { name: 'file', filePath: site.filePath }));
      assert.deepEqual([error.response.status, error.response.data.code], [403, 40300]);
    },
    CancelToken: async (t, site) => {
      const server = await startApplication(t);
      const { axios, client } = newAxios(site, server.url);
      const { token, cancel } = axios.CancelToken.source();
      const reached = server.silent();
      const error = rejected(client.download('/silent', { cancelToken: token }));
      await reached;
      const closed = new Promise((resolve) => server.seen[0].socket.on('close', resolve));
      cancel('enough');
      assert.equal((await error).message, 'enough');
      await closed;
    },
  },
  expectations: {
    'The message of a time limit is exactly `uploadFile:fail timeout` or `downloadFile:fail timeout`; the library gives these': async (t, site) => {
      const { url } = await startApplication(t);
      const { client } = newAxios(site, url);
      const upload = client.upload('/silent', FIELDS, { name: 'file', filePath: site.filePath, timeout: 100 });
      assert.equal((await rejected(upload)).code, 'ETIMEDOUT');
      assert.equal((await rejected(client.download('/silent', { timeout: 100 }))).code, 'ETIMEDOUT');
    },
    'A download that lost its network has the message `downloadFile:fail` and nothing after it; the library gives a reason, so `error.code` is not set': async (t, site) => {
      const { url } = await startApplication(t);
      const error = await rejected(newAxios(site, url).client.download('/dropped'));
      assert.match(error.message, /^downloadFile:fail ./);
      assert.equal(error.code, undefined);
    },
  },
};

module.exports = [uniApp, luch, alova, uniHelper];
