'use strict';

/* Runs the code of the guide as it is printed. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { startLeadingProxy, startTestServers } = require('../../javascript/tests/servers.js');
const { wxtransfer, newDirectory } = require('./host.js');

const IMPORT = "import { openSession } from 'wxtransfer';\n";
const [, code] = new RegExp('```ts\\n' + IMPORT.replace(/[{}]/g, '\\$&') + '([^]*?)```').exec(fs.readFileSync(path.join(__dirname, '../README.md'), 'utf8'));

const typescript = require(path.join(process.env.WXTRANSFER_TYPESCRIPT, 'lib/typescript.js'));

/* TypeScript's strict rules; ArkTS has further ones. */
test('the page of code has the types of index.d.ts', (t) => {
  const page = path.join(newDirectory(t), 'page.ts');
  const types = path.join(__dirname, '../index');
  fs.writeFileSync(page, `${IMPORT.replace('wxtransfer', types)}declare const filesDir: string;
    declare const console: { info(text: string): void, error(text: string): void };\nasync function run() {\n${code}}\nrun();\n`);
  const options = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, target: typescript.ScriptTarget.ES2021, lib: ['lib.es2021.d.ts'], types: [] };
  const program = typescript.createProgram([page], options);
  const problems = typescript.getPreEmitDiagnostics(program).map(({ messageText }) => typescript.flattenDiagnosticMessageText(messageText, ' '));
  assert.deepEqual(problems, []);
});

test('the page of code transfers files', async (t) => {
  const servers = await startTestServers(t);
  const proxy = await startLeadingProxy(t, new URL(servers.tls).port);
  const more = { proxy: proxy.url, rootCertificates: fs.readFileSync(servers.ca, 'utf8') };
  const openSession = (options) => wxtransfer.openSession({ ...options, ...more });
  const lines = [];
  const filesDir = newDirectory(t);
  fs.writeFileSync(path.join(filesDir, 'photo.jpg'), 'photo');
  const console = { info: (line) => lines.push(line), error: (line) => lines.push(`error ${line}`) };
  const AsyncFunction = (async () => {}).constructor;
  const { outputText } = typescript.transpileModule(code, { compilerOptions: { target: typescript.ScriptTarget.ES2021 } });
  await new AsyncFunction('openSession', 'filesDir', 'console', outputText)(openSession, filesDir, console);
  const own = lines.filter((line) => !/^(info|warning): /.test(line));
  assert.match(own.find((line) => line.startsWith('200')), /^200 wxfile:\/\/tmp_/);
  assert.ok(own.includes('100 %'), own.join('\n'));
  assert.deepEqual(JSON.parse(own.at(-2)).parts, ['user', 'file']);
  assert.match(own.at(-1), /^wxfile:\/\/store_.*\.jpg$/);
  assert.ok(!own.some((line) => line.startsWith('error')), own.join('\n'));
  assert.ok(proxy.targets.length > 0 && proxy.targets.every((target) => target === 'example.com:443'));
});
