'use strict';

/* The guide's page of code, as it is printed. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { startLeadingProxy, startTestServers } = require('../../javascript/tests/servers.js');
const { wxtransfer, newDirectory } = require('./host.js');

test('the page of code transfers files', async (t) => {
  const servers = await startTestServers(t);
  const proxy = await startLeadingProxy(t, new URL(servers.tls).port);
  const [, code] = /```ts\nimport \{ openSession \} from 'wxtransfer';\n([^]*?)```/.exec(fs.readFileSync(path.join(__dirname, '../README.md'), 'utf8'));
  const more = { proxy: proxy.url, rootCertificates: fs.readFileSync(servers.ca, 'utf8') };
  const openSession = (options) => wxtransfer.openSession({ ...options, ...more });
  const lines = [];
  const console = { info: (line) => lines.push(line), error: (line) => lines.push(`error ${line}`) };
  const AsyncFunction = (async () => {}).constructor;
  await new AsyncFunction('openSession', 'filesDir', 'console', code)(openSession, newDirectory(t), console);
  const own = lines.filter((line) => !/^(info|warning): /.test(line));
  assert.match(own.find((line) => line.startsWith('200')), /^200 wxfile:\/\/tmp_/);
  assert.ok(own.includes('100 %'), own.join('\n'));
  assert.deepEqual(JSON.parse(own.at(-1)).parts, ['user', 'file']);
  assert.ok(!own.some((line) => line.startsWith('error')), own.join('\n'));
  assert.ok(proxy.targets.length > 0 && proxy.targets.every((target) => target === 'example.com:443'));
});
