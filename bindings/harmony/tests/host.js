'use strict';

/* The module in this process, with sessions whose files are deleted after the test. */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

const modulePath = process.env.WXTRANSFER_HARMONY_MODULE;
const wxtransfer = require(modulePath);

/* A wait that takes longer has failed. */
const WAIT_LIMIT = 120_000;

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

function newDirectory(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wxtransfer-harmony-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/* Options of a session that may use servers on this machine. */
function localOptions(dataDirectory, more = {}) {
  return {
    appId: 'wx0123456789abcdef', platform: 'ohos', clientVersion: '8.0.50', dataDirectory,
    skipDomainCheck: true, allowPlainHttp: true, lanPolicy: 'allLocal', ...more,
  };
}

/* A session that is closed after the test. */
function openSession(t, more = {}) {
  const session = wxtransfer.openSession(localOptions(newDirectory(t), more));
  t.after(() => session.close());
  return session;
}

/* Collects garbage and waits a turn, often enough that an unreachable object is collected. */
async function collectOften() {
  for (let round = 0; round < 20; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/* Collects garbage and waits a turn, until `condition` holds. */
async function collectUntil(condition) {
  const limit = Date.now() + WAIT_LIMIT;
  while (!condition()) {
    if (Date.now() > limit) throw new Error('the condition did not become true');
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/* Calls `start` with callbacks. When `complete` has run, resolves with the name and the argument of each callback, in order. */
function callbacks(start) {
  const events = [];
  return new Promise((resolve) => {
    const hear = (name) => (value) => {
      events.push([name, value]);
      if (name === 'complete') setImmediate(() => resolve(events));
    };
    start({ success: hear('success'), fail: hear('fail'), complete: hear('complete') });
  });
}

const names = (events) => events.map(([name]) => name);

module.exports = { wxtransfer, modulePath, newDirectory, localOptions, openSession, collectOften, collectUntil, callbacks, names, WAIT_LIMIT };
