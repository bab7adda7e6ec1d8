'use strict';

/* release/har.sh, with files in place of libraries that have their first bytes only. */
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { newDirectory } = require('./host.js');

const script = path.join(__dirname, '../../../release/har.sh');
const har = (...words) => spawnSync(script, words, { encoding: 'utf8' });

/* The head of an ELF file for a processor. */
function stubLibrary(directory, machine) {
  const content = Buffer.alloc(64);
  content.write('\x7fELF', 'latin1');
  content.writeUInt16LE(machine, 18);
  const file = path.join(directory, `${machine}.so`);
  fs.writeFileSync(file, content);
  return file;
}

test('a HAR has the modules, their types and its description', (t) => {
  const directory = newDirectory(t);
  const [arm64, x86] = [183, 62].map((machine) => stubLibrary(directory, machine));
  const first = har(`arm64-v8a=${arm64}`, `x86_64=${x86}`);
  assert.equal(first.status, 0, first.stderr);
  const archive = first.stdout.trim();
  assert.match(archive, /\.har$/);
  assert.deepEqual(execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n'), [
    'package/Index.ets',
    'package/LICENSE',
    'package/LICENSE-APACHE',
    'package/LICENSE-MIT',
    'package/README.md',
    'package/README.zh-CN.md',
    'package/libs/arm64-v8a/libwxtransfer_napi.so',
    'package/libs/x86_64/libwxtransfer_napi.so',
    'package/oh-package.json5',
    'package/src/main/cpp/types/libwxtransfer_napi/index.d.ts',
    'package/src/main/cpp/types/libwxtransfer_napi/oh-package.json5',
    'package/src/main/module.json',
  ]);
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n');
  const texts = names.filter((name) => /LICENSE$|\.md$/.test(name));
  for (const name of texts) {
    const text = execFileSync('tar', ['-xzOf', archive, name], { encoding: 'utf8' });
    const linked = [...text.matchAll(/\]\(([^)#]+)/g), ...text.matchAll(/\b(LICENSE-[A-Z]+)/g)].map(([, target]) => target);
    assert.ok(linked.length > 1, name);
    for (const target of linked) assert.ok(target.startsWith('https://') || names.includes(`package/${target}`), `${name}: ${target}`);
  }
  const bytes = fs.readFileSync(archive);
  fs.utimesSync(arm64, 1, 1);
  assert.equal(har(`x86_64=${x86}`, `arm64-v8a=${arm64}`).status, 0);
  assert.ok(bytes.equals(fs.readFileSync(archive)), 'the same files gave another archive');
  const stored = execFileSync('tar', ['-xzOf', archive, 'package/libs/arm64-v8a/libwxtransfer_napi.so']);
  assert.ok(stored.equals(fs.readFileSync(arm64)));
});

test('files for another processor are refused', (t) => {
  const arm64 = stubLibrary(newDirectory(t), 183);
  for (const words of [[`x86_64=${arm64}`], [`armeabi-v7a=${arm64}`], [arm64], [`arm64-v8a=${arm64}`, `arm64-v8a=${arm64}`]]) {
    assert.notEqual(har(...words).status, 0, words.join(' '));
  }
});

test('Index.ets passes on what index.d.ts exports', () => {
  const read = (name) => fs.readFileSync(path.join(__dirname, '..', name), 'utf8');
  const declarations = read('index.d.ts');
  const passedOn = [...read('package/Index.ets').matchAll(/\{([^}]*)\}/g)].flatMap(([, list]) => list.match(/\w+/g));
  const exported = [...declarations.matchAll(/^export (?:interface|type|const) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(passedOn.sort(), exported.sort());
});
