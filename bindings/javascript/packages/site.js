'use strict';

/* A page that uses a package and the real library. */
const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const path = require('node:path');
const { Host } = require('../tests/host.js');

/* The directory with npm's packages. */
const DIRECTORY = process.env.WXTRANSFER_PACKAGES;
const { buildSync } = createRequire(`${DIRECTORY}/`)('esbuild');
const LOCAL = ['--skip-domain-check', '--allow-plain-http', '--all-local'];
const CONTENT = 'wxtransfer '.repeat(10_000);

class Site {
  static async start(t) {
    const host = await Host.start(t, LOCAL);
    const site = new Site(host.page);
    site.filePath = await host.chosen(CONTENT);
    return site;
  }

  constructor(page) {
    this.page = page;
    this.wx = page.wx;
    /* Other functions of a mini program that the packages use. Transfers and files are the library's. */
    Object.assign(page.context, { clearTimeout, setInterval, clearInterval, App() {}, Page() {}, Component() {} });
    /* A mini program's scripts can use this name, but it has no value. */
    page.context.window = undefined;
    const stored = new Map();
    Object.assign(page.wx, {
      getSystemInfoSync: () => ({ platform: 'android', fontSizeSetting: 16 }),
      canIUse: (name) => name in page.wx,
      getStorageSync: (key) => stored.get(key) || '',
      setStorageSync: (key, value) => stored.set(key, value),
      setStorage: ({ key, data }) => stored.set(key, data),
      removeStorageSync: (key) => stored.delete(key),
      request: () => assert.fail('no test makes a wx.request'),
      connectSocket: () => assert.fail('no test opens a socket'),
    });
  }

  /*
   * Runs an ES module in the page and returns its exports. The packages that it imports are bundled into one script, as in
   * the build of a mini program, because a page cannot load modules.
   */
  load(contents) {
    const { outputFiles } = buildSync({
      stdin: { contents, resolveDir: DIRECTORY }, bundle: true, format: 'iife', globalName: 'loaded', write: false,
      logLevel: 'silent', absWorkingDir: DIRECTORY,
      /* @uni-helper/axios-adapter imports axios files without their extension, which esbuild adds only to paths. */
      alias: { 'axios/unsafe': path.join(DIRECTORY, 'node_modules/axios/lib') },
    });
    return this.page.run(`${outputFiles[0].text}; loaded`);
  }

  /* The content of a file that a call has returned. */
  read(path) {
    return this.page.fs.readFileSync(path, 'utf8');
  }
}

/* The application server's description of a form with the site's file and these fields. */
function assertUploaded(envelope, fields, field = 'file') {
  assert.equal(envelope.code, 0);
  assert.deepEqual({ ...envelope.data.fields }, fields);
  assert.equal(envelope.data.file.field, field);
  assert.equal(envelope.data.file.content, CONTENT);
}

/* An upload's progress counts the whole body, which is larger than the file. */
function assertProgress(loaded, total) {
  assert.equal(loaded, total);
  assert.ok(total > CONTENT.length, `${total}`);
}

/* Returns the error with which a promise is rejected. */
async function rejected(promise) {
  let error;
  await assert.rejects(promise, (caught) => {
    error = caught;
    return true;
  });
  return error;
}

module.exports = { Site, CONTENT, assertUploaded, assertProgress, rejected };
