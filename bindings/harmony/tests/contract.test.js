'use strict';

/* index.d.ts, the tables in C and the C header have the same members and words. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { openSession, wxtransfer, newDirectory, localOptions } = require('./host.js');

const read = (...names) => fs.readFileSync(path.join(__dirname, '..', ...names), 'utf8');
const withoutComments = (text) => text.replace(/\/\*[^]*?\*\//g, '');
const declarations = withoutComments(read('index.d.ts'));
const header = withoutComments(read('../../include/wxtransfer.h'));

/* The members of an interface. */
function membersOf(name) {
  const [, body] = new RegExp(`export interface ${name}(?: extends \\w+)? \\{\\n([^]*?)\\n\\}`).exec(declarations);
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member);
}

/* The fields of a struct of the header, by their names in JavaScript. Lengths and counts of other fields are left out. */
function fieldsOf(struct) {
  const [, body] = new RegExp(`typedef struct \\{([^{}]*)\\} ${struct};`).exec(header);
  const fields = [...body.matchAll(/(\w+);/g)].map(([, field]) => field);
  return fields.filter((field) => !/_(count|length)$/.test(field) || /^(file|expected|data)_length$/.test(field))
    .map((field) => field.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase()));
}

/* A struct of the header, its interface, the fields that only the header has, and the members that only the interface has. */
const COUNTERPARTS = [
  ['WxtSessionOptions', 'SessionOptions', ['structSize', 'resolver', 'executor', 'logger', 'clientCertificate'], ['log']],
  ['WxtUploadRequest', 'UploadRequest', ['structSize', 'disableProfile', 'hasFileDescriptor', 'dataLength'],
    ['enableProfile', 'success', 'fail', 'complete']],
  ['WxtUploadPart', 'UploadPart', ['hasFileDescriptor', 'dataLength'], []],
  ['WxtDownloadRequest', 'DownloadRequest', ['structSize', 'disableProfile'], ['enableProfile', 'success', 'fail', 'complete']],
  ['WxtNetwork', 'Network', ['structSize'], []],
  ['WxtPin', 'Pin', [], []],
];

test('every field of the header has a member, and every member is a field', () => {
  for (const [struct, name, onlyInC, onlyHere] of COUNTERPARTS) {
    const fields = fieldsOf(struct);
    assert.ok(onlyInC.every((field) => fields.includes(field)), `${struct} has not all of ${onlyInC}`);
    const expected = fields.filter((field) => !onlyInC.includes(field)).concat(onlyHere);
    assert.deepEqual(membersOf(name).sort(), expected.sort(), struct);
  }
});

/* A known member is refused for its type, and an unknown one for its name. */
test('every member of the interfaces is known to the module', (t) => {
  const session = openSession(t);
  const good = localOptions(newDirectory(t));
  const calls = {
    SessionOptions: (member) => wxtransfer.openSession({ ...good, ...member }),
    UploadRequest: (member) => session.uploadFile(member),
    UploadPart: (member) => session.uploadFile({ parts: [{ name: 'n', ...member }] }),
    DownloadRequest: (member) => session.downloadFile(member),
    Network: (member) => session.networkChanged(member),
    Trust: (member) => session.setTrust(member),
    Pin: (member) => session.setTrust({ pins: [{ host: 'a.example', ...member }] }),
  };
  for (const [name, call] of Object.entries(calls)) {
    for (const member of membersOf(name)) assert.throws(() => call({ [member]: Symbol('wrong') }), new RegExp(`${member} must be`), member);
    assert.throws(() => call({ unknown: 1 }), /unknown is no option/);
  }
  const [, methods] = /export interface Session \{\n([^]*?)\n\}/.exec(declarations);
  const fileCalls = [...methods.matchAll(/^ {2}(\w+)\(options: (\w+)\)/gm)];
  assert.equal(fileCalls.length, 18);
  for (const [, name, options] of fileCalls) {
    for (const member of membersOf(options)) {
      const bytes = name === 'writeFile' || name === 'importData' ? { data: new ArrayBuffer(0) } : {};
      const descriptor = name === 'importFileDescriptor' ? { fileDescriptor: -1 } : {};
      const wrong = { ...bytes, ...descriptor, [member]: Symbol('wrong') };
      assert.throws(() => session[name](wrong), new RegExp(`${name}: ${member} must be`), `${name} ${member}`);
    }
  }
});

test('index.d.ts declares all members and methods of the module', (t) => {
  const sources = ['options.c', 'file_functions.c'].map((name) => withoutComments(read('src', name))).join('');
  const tables = [...sources.matchAll(/\b(?:FIELD|REQUIRED|CHOICE|COUNTED|OBJECTS|TEXT|LONG)\("(\w+)"/g)].map(([, name]) => name);
  assert.ok(tables.length > 100, `${tables.length} members`);
  for (const member of tables) assert.match(declarations, new RegExp(`\\b${member}\\??:`), member);
  const session = openSession(t);
  const task = session.downloadFile({ url: '' });
  const methods = (object) => Object.getOwnPropertyNames(object).sort();
  const declared = (name) => {
    const [, body] = new RegExp(`export interface ${name} \\{\\n([^]*?)\\n\\}`).exec(declarations.replace(/<Result, Progress>/, ''));
    return [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, method]) => method).sort();
  };
  assert.deepEqual(methods(session), declared('Session'));
  assert.deepEqual(methods(task), declared('Task'));
  assert.deepEqual(methods(wxtransfer), ['openSession', 'version']);
});

test('the words of index.d.ts are those of the module, and there is one for each constant of the header', () => {
  const sources = ['options.c', 'file_functions.c', 'values.c'].map((name) => withoutComments(read('src', name))).join('');
  const words = [...sources.matchAll(/\{"(\w+)",\s*(WXT_\w+)\}/g)];
  const literals = new Set([...declarations.matchAll(/'(\w+)'/g)].map(([, word]) => word));
  assert.deepEqual([...new Set(words.map(([, word]) => word))].sort(), [...literals].sort());
  const kinds = /^WXT_(PLATFORM|PATHS|LAN|STORAGE_EXCLUSIVE|STORAGE_SHARED|RESUME|LOG|NETWORK|METHOD|IMPORT|WRITE|DIGEST|CATEGORY)/;
  const defined = [...header.matchAll(/#define (WXT_\w+)/g)].map(([, name]) => name).filter((name) => kinds.test(name));
  assert.deepEqual(words.map(([, , name]) => name).sort(), defined.sort());
});

test('Index.ets exports everything that index.d.ts exports', () => {
  const passedOn = [...read('package/Index.ets').matchAll(/\{([^}]*)\}/g)].flatMap(([, list]) => list.match(/\w+/g));
  const exported = [...declarations.matchAll(/^export (?:interface|type|const) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(passedOn.sort(), exported.sort());
});
