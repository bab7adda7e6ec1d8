'use strict';

/* Wrappers that make promises of the calls. */
const assert = require('node:assert/strict');
const { CONTENT, assertProgress, assertUploaded, rejected } = require('./site.js');
const { startApplication } = require('./servers.js');
const { policyRuns } = require('./stores.js');

const FIELDS = { user: 'test', n: '1.5' };

const apiPromise = (site) => {
  const { promisifyAll, promisify } = site.load("export * from 'miniprogram-api-promise'");
  const wxp = {};
  promisifyAll(site.wx, wxp);
  return { wxp, promisify };
};

const wxPro = (site) => {
  site.load("export * from 'wx-promise-pro'").promisifyAll();
  return site.wx.pro;
};

/* The runs of both wrappers. The argument makes a site's calls. */
const wrapped = (callsOf) => ({
  'upload with form fields, header, cookies': async (t, site) => {
    const server = await startApplication(t);
    const success = await callsOf(site).uploadFile({
      url: `${server.url}/upload`, filePath: site.filePath, name: 'file', formData: { user: 'test', n: 1.5 }, header: { 'X-Token': 'tok' },
    });
    assertUploaded(JSON.parse(success.data), FIELDS);
    assert.equal(server.seen[0].headers['x-token'], 'tok');
    assert.deepEqual([...success.cookies], ['sid=1; Path=/', 'b=2']);
  },
  'download, then saveFile': async (t, site) => {
    const server = await startApplication(t);
    const calls = callsOf(site);
    const { tempFilePath } = await calls.downloadFile({ url: `${server.url}/bytes/5000` });
    const { savedFilePath } = await calls.saveFile({ tempFilePath });
    assert.equal(site.read(savedFilePath), 'd'.repeat(5000));
    await calls.removeSavedFile({ filePath: savedFilePath });
  },
  'answers 201 and 204': async (t, site) => {
    const server = await startApplication(t);
    const calls = callsOf(site);
    const upload = (path) => calls.uploadFile({ url: `${server.url}/${path}`, filePath: site.filePath, name: 'file' });
    assert.equal((await upload('upload/201')).statusCode, 201);
    const empty = await upload('empty');
    assert.deepEqual([empty.statusCode, empty.data], [204, '']);
  },
  'failure: a connection that ends': async (t, site) => {
    const server = await startApplication(t);
    const error = await rejected(callsOf(site).downloadFile({ url: `${server.url}/dropped` }));
    assert.match(error.errMsg, /^downloadFile:fail /);
  },
  ...policyRuns((site, options) => callsOf(site).uploadFile(options)),
});

module.exports = [
  {
    name: 'miniprogram-api-promise',
    runs: {
      ...wrapped((site) => apiPromise(site).wxp),
      'file system manager passed on': async (t, site) => {
        assert.equal(apiPromise(site).wxp.getFileSystemManager().statSync(site.filePath).size, CONTENT.length);
      },
    },
    expectations: {},
  },
  {
    name: 'wx-promise-pro',
    runs: wrapped(wxPro),
    expectations: {},
  },
  {
    name: 'wefetch',
    runs: {
      'promisify(wx.uploadFile): form fields, progress': async (t, site) => {
        const server = await startApplication(t);
        const { wefetch } = site.load("import wefetch from 'wefetch'; export { wefetch }");
        const progress = [];
        wefetch.onProcess('upload', (info) => progress.push(info));
        const success = await wefetch.promisify(site.wx.uploadFile)({
          url: `${server.url}/upload`, filePath: site.filePath, name: 'file', formData: FIELDS, config: { eventType: 'upload' },
        });
        assertUploaded(JSON.parse(success.data), FIELDS);
        assertProgress(progress.at(-1).totalBytesSent, progress.at(-1).totalBytesExpectedToSend);
      },
      'download: header, progress': async (t, site) => {
        const server = await startApplication(t);
        const { wefetch } = site.load("import wefetch from 'wefetch'; export { wefetch }");
        const client = wefetch.create({ baseUrl: server.url });
        const progress = [];
        wefetch.onProcess('download', (info) => progress.push(info));
        const success = await client.download('/bytes/5000', { header: { 'X-Token': 'tok' }, config: { eventType: 'download' } });
        assert.equal(site.read(success.tempFilePath), 'd'.repeat(5000));
        assert.equal(server.seen[0].headers['x-token'], 'tok');
        assert.equal(progress.at(-1).totalBytesWritten, 5000);
      },
      abort: async (t, site) => {
        const server = await startApplication(t);
        const { wefetch } = site.load("import wefetch from 'wefetch'; export { wefetch }");
        const reached = server.silent();
        wefetch.on('silent', (task) => reached.then(() => task.abort()));
        const error = await rejected(wefetch.download(`${server.url}/silent`, { config: { eventType: 'silent' } }));
        assert.equal(error.errMsg, 'downloadFile:fail abort');
      },
    },
    expectations: {
      "`wefetch.upload` leaves out `filePath` and `name`, so its call fails with a parameter error; `wefetch.promisify(wx.uploadFile)` works": async (t, site) => {
        const { wefetch } = site.load("import wefetch from 'wefetch'; export { wefetch }");
        const error = await rejected(wefetch.upload('http://127.0.0.1:1/', { filePath: site.filePath, name: 'file' }));
        assert.match(error.errMsg, /^uploadFile:fail parameter error: parameter\.filePath /);
      },
    },
  },
];
