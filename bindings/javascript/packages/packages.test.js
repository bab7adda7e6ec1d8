'use strict';

/* Third-party packages, as npm gives them, over wx.js and the real library; and the page that says what was run. */
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

These npm packages call \`wx.uploadFile\` or \`wx.downloadFile\`. They run unmodified in a page of \`wx.js\`, over the real
library, against local servers that answer as the packages' own do. Plain HTTP is allowed for these runs. Other functions of
\`wx\` that a package looks for are small stand-ins (\`site.js\`); no package makes a \`wx.request\` here. The clients of \`uni\` run over
\`@dcloudio/uni-mp-weixin\`; \`alova\` ${version('alova')}, \`axios\` ${version('axios')} and \`vue\` ${version('vue')} are what their adapters need.

\`bindings/javascript/packages/test.sh\` installs the packages outside the sources, runs them, and compares this page with the
result. With \`--write\` the command writes the page.

| Package | Version | What was run | Result |
|---|---|---|---|
${rows.join('\n')}

## What packages expect

A package may expect what WeChat's documentation does not promise, or misuse a call. Each row has a test too.

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
