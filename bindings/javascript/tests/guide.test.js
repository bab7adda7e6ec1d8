'use strict';

/* Runs the two unchanged programs of WeChat's guide. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { Host } = require('./host.js');
const { startLeadingProxy, startServer, startTestServers } = require('./servers.js');

const PROGRAMS = path.join(__dirname, '../../kotlin/src/test/resources');
const program = (name) => fs.readFileSync(path.join(PROGRAMS, name), 'utf8');

test("the guide's program uploads the chosen image", async (t) => {
  const servers = await startTestServers(t);
  const proxy = await startLeadingProxy(t, new URL(servers.tls).port);
  const host = await Host.start(t, ['--domain', 'https://example.com', '--ca', servers.ca, '--proxy', proxy.url]);
  const image = await host.chosen(Buffer.alloc(20_000, 7), 'image.jpg');
  const result = await new Promise((resolve) => {
    host.page.wx.chooseImage = (options) => options.success({ tempFilePaths: [image] });
    /* The program does not expose its result. */
    const uploadFile = host.page.wx.uploadFile;
    host.page.wx.uploadFile = (options) => uploadFile({ ...options, complete: resolve });
    host.page.run(program('upload.js'));
  });
  assert.equal(result.errMsg, 'uploadFile:ok');
  assert.equal(result.statusCode, 200);
  const seen = JSON.parse(result.data);
  assert.deepEqual(seen.parts, ['user', 'file']);
  assert.match(JSON.stringify(seen.fields), /"test"/);
  assert.equal(seen.files[0].length, 20_000);
  assert.equal(seen.files[0].content_type, 'image/jpeg');
  assert.deepEqual(proxy.targets, ['example.com:443']);
});

test("the guide's program plays the downloaded voice", async (t) => {
  const voice = Buffer.alloc(3000, 9);
  const server = await startServer(t, (request, response) => {
    response.writeHead(request.url === '/download/123' ? 200 : 404, { 'Content-Type': 'audio/mpeg' }).end(voice);
  });
  const proxy = await startLeadingProxy(t, new URL(server).port);
  const words = ['--domain', 'http://example.com', '--allow-plain-http', '--proxy', proxy.url];
  const host = await Host.start(t, words);
  const { filePath } = await new Promise((resolve) => {
    host.page.wx.playVoice = resolve;
    host.page.run(program('download.js'));
  });
  assert.match(filePath, /^wxfile:\/\/tmp_[0-9a-f]+\.mp3$/);
  const { nativePath } = await host.control('resolvePath', { path: filePath });
  assert.deepEqual(fs.readFileSync(nativePath), voice);
});
