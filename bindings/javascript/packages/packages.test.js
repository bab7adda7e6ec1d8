'use strict';

/* Runs unmodified third-party packages with wx.js and the real library, and checks the page with the results. */
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { WAIT_LIMIT } = require('../tests/host.js');
const { Site } = require('./site.js');

const CASES = [require('./object-stores.js'), require('./wrappers.js'), require('./clients.js'), require('./uni-app.js')].flat();
const PAGE = path.join(__dirname, '../../../docs/compatibility-with-packages.md');
const { packages } = require('./package-lock.json');

const results = new Map();

for (const { name, runs, expectations } of CASES) {
  for (const [what, run] of Object.entries({ ...runs, ...expectations })) {
    test(`${name}: ${what}`, { timeout: WAIT_LIMIT }, async (t) => {
      await run(t, await Site.start(t));
      results.set(run, 'works');
    });
  }
}

const resultOf = (run) => results.get(run) || '**fails**';
const version = (name) => packages[`node_modules/${name}`].version;

function renderPage() {
  const rows = CASES.flatMap(({ name, runs }) => Object.entries(runs)
    .map(([what, run]) => `| \`${name}\` | ${version(name)} | ${what} | ${resultOf(run)} |`));
  const expected = CASES.flatMap(({ name, expectations }) => Object.entries(expectations)
    .map(([what, run]) => `| \`${name}\` | ${what}. | ${results.has(run) ? 'seen' : '**not seen**'} |`));
  return `# Compatibility with packages

These npm packages call \`wx.uploadFile\` or \`wx.downloadFile\`. They run unmodified in a page with \`wx.js\` and the real
library, against local servers that answer as the packages' own servers do. These runs allow plain HTTP. Other functions of \`wx\` that a
package needs are small replacements (\`site.js\`); no package calls \`wx.request\` here. The clients of \`uni\` use
\`@dcloudio/uni-mp-weixin\`; \`alova\` ${version('alova')}, \`axios\` ${version('axios')} and \`vue\` ${version('vue')} are needed by their adapters.

\`bindings/javascript/packages/test.sh\` installs the packages outside the sources, runs them, and compares this page with the
results. With \`--write\` it updates the page.

| Package | Version | What was run | Result |
|---|---|---|---|
${rows.join('\n')}

## What packages expect

A package may rely on undocumented behaviour, or misuse a call. A test checks each row, too.

| Package | What it expects or does | |
|---|---|---|
${expected.join('\n')}
`;
}

test('the page of compatibility is up to date', () => {
  const page = renderPage();
  if (process.env.WXTRANSFER_WRITE_PAGE) fs.writeFileSync(PAGE, page);
  assert.equal(fs.readFileSync(PAGE, 'utf8'), page, 'test.sh --write writes docs/compatibility-with-packages.md');
});
