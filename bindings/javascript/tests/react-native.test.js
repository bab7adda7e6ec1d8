'use strict';

/* The screens' side of docs/react-native.md, with the real library. This test provides what the code imports from React Native. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { fileURLToPath, pathToFileURL } = require('node:url');
const vm = require('node:vm');
const { Host } = require('./host.js');
const { startTestServers } = require('./servers.js');

const root = path.join(__dirname, '../../..');
const [, code] = /```js\n([^]*?)```/.exec(fs.readFileSync(path.join(root, 'docs/react-native.md'), 'utf8'));

test("the guide's code downloads and uploads", async (t) => {
  const { plain } = await startTestServers(t);
  const host = await Host.start(t, ['--skip-domain-check', '--allow-plain-http', '--all-local']);
  const context = vm.createContext({ setTimeout, Promise });
  /* A bundler's modules are strict functions without `this`. */
  const module = (text, values) => vm.runInContext(`(function (${Object.keys(values)}) { 'use strict';\n${text}\n})`, context)
    .apply(undefined, Object.values(values));
  const listeners = {};
  const reactNative = {
    NativeModules: {
      WXTransferMessages: {
        send: (text) => host.send(text),
        chosen: async (uri) => (await host.control('importFile', { path: fileURLToPath(uri) })).tempFilePath,
      },
    },
    NativeEventEmitter: class {
      addListener(name, listener) { listeners[name] = listener; }
    },
  };
  host.page = { receive: (text) => listeners.wxtransfer(text) };
  const load = (name) => (name === 'react-native' ? reactNative
    : module(fs.readFileSync(path.join(root, 'bindings/javascript', name), 'utf8'), {}));
  const exported = {};
  module(code.replace(/import (.*) from '(.*)';/, "const $1 = require('$2');")
    .replace(/export ((?:async )?function) (\w+)/g, 'exports.$2 = $1 $2'), { require: load, exports: exported });

  const seen = [];
  const result = await exported.download(`${plain}/bytes/100000`, (progress) => seen.push(progress));
  assert.equal(result.statusCode, 200);
  assert.match(result.tempFilePath, /^wxfile:\/\/tmp_/);
  assert.equal(seen.at(-1), 100);

  const photo = path.join(host.directory, 'photo.jpg');
  fs.writeFileSync(photo, 'photo');
  seen.length = 0;
  const sent = await exported.upload(`${plain}/upload`, pathToFileURL(photo).href, (progress) => seen.push(progress));
  const { fields, files } = JSON.parse(sent.data);
  assert.deepEqual([fields, files.map(({ name, length }) => ({ name, length }))], [[['user', 'test']], [{ name: 'file', length: 5 }]]);
  assert.equal(seen.at(-1), 100);
  await assert.rejects(exported.download('https://user@example.com/', () => {}), ({ errno }) => errno === 600009);
});
