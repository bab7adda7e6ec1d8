'use strict';

/* What Tencent's types of the API say: npm's miniprogram-api-typings. */
const fs = require('node:fs');
const path = require('node:path');

const TEXT = fs.readFileSync(path.join(process.env.WXTRANSFER_TYPINGS, 'types/wx/lib.wx.api.d.ts'), 'utf8');
const withoutComments = (text) => text.replace(/\/\*[^]*?\*\//g, '');
const CODE = withoutComments(TEXT);

function found(pattern, what, text = CODE) {
  const match = pattern.exec(text);
  if (!match) throw new Error(`the types have no ${what}`);
  return match;
}

/* The members of an interface with the text of their types; methods have that of their parameters and result. */
function members(name) {
  const [, body] = found(new RegExp(`^    interface ${name}(?: extends \\w+)? \\{\\n([^]*?)^    \\}`, 'm'), `interface ${name}`);
  const all = {};
  /* A member that shares its line with a comment has one blank more. */
  for (const [, member, type] of body.matchAll(/^ {8,9}(\w+)(\??[:(][^]*?)(?=^ {8,9}\w|(?![^]))/gm)) all[member] = type.trim();
  if (!Object.keys(all).length) throw new Error(`the types have no members of ${name}`);
  return all;
}

/* The interface that a callback type takes. */
function taken(callback) {
  return found(new RegExp(`type ${callback} = \\(\\s*\\w+: (\\w+)\\s*\\) => void`), `type ${callback}`)[1];
}

/* The texts of a union such as `'a' | 'b'`. */
const texts = (type) => Array.from(type.matchAll(/'([^']+)'/g), ([, text]) => text);

/* The numbers of the table in FileError's comment. */
function fileErrors() {
  const [, body] = found(/^    interface FileError \{([^]*?)^    \}/m, 'interface FileError', TEXT);
  return [...new Set(Array.from(body.matchAll(/\| (\d+) \|/g), ([, number]) => Number(number)))];
}

module.exports = { members, taken, texts, fileErrors };
