/* Clicks through the whole page in a browser, and checks the requests that the servers received. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Browser } from './browser.mjs';
import { Controls } from './controls.mjs';
import { Page, Playground } from './playground.mjs';

let playground;
let browser;
let controls;
let page;
let directory;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'wxtransfer-playground-'));
  playground = await Playground.start();
  browser = await Browser.start();
  await browser.size(1440, 1000);
  controls = new Controls(browser);
  await controls.watch();
  page = new Page(browser, playground.address);
  await page.open();
});

after(async () => {
  await browser?.end();
  const code = await playground?.end();
  rmSync(directory, { recursive: true, force: true });
  assert.equal(code, 0);
});

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

test('the guide\'s program uploads a picture', async () => {
  await browser.click('#run-upload');
  await browser.until(`document.querySelector('#album').open`);
  const call = await page.start('#pictures button[title="Sea"]');
  assert.equal(await page.result(call), 'uploadFile:ok, status 200');

  const [request] = await playground.requests('/upload');
  assert.equal(request.method, 'POST');
  assert.match(header(request, 'content-type'), /^multipart\/form-data; boundary=/);
  assert.equal(header(request, 'referer'), 'https://servicewechat.com/wxplayground/0/page-frame.html');
  const [user, file] = request.parts;
  assert.deepEqual([user.name, user.value], ['user', 'test']);
  assert.deepEqual([file.name, file.contentType], ['file', 'image/jpeg']);
  assert.ok(file.length > 1000);
  await page.shows('#seen summary', /^POST example\.com\/upload$/);
  await browser.click('#seen summary');
  await page.shows('#seen details[open] pre', /^user=test$/m);

  const names = (await page.log(call)).map(({ text }) => /#\d+ (\w+)/.exec(text)[1]);
  assert.equal(names[0], 'uploadFile');
  assert.deepEqual([...new Set(names)].sort(), ['complete', 'headersReceived', 'progressUpdate', 'success', 'uploadFile']);
  assert.deepEqual(names.slice(-2), ['success', 'complete']);
  await browser.click('#log summary');
  await page.shows('#log details[open] pre', /"errMsg": "uploadFile:ok"/);
});

test('each chosen picture uploads a different file', async () => {
  for (const name of ['Sunrise', 'Meadow']) {
    await browser.click('#run-upload');
    assert.equal(await page.result(await page.start(`#pictures button[title="${name}"]`)), 'uploadFile:ok, status 200');
  }
  const files = (await playground.requests('/upload')).map(({ parts }) => parts[1].sha256);
  assert.equal(new Set(files).size, 3);
});

test('the guide\'s program plays the voice that it downloads', async () => {
  const call = await page.start('#run-download');
  assert.match(await page.result(call), /^downloadFile:ok, status 200, wxfile:\/\/tmp_\w+\.wav$/);
  await page.shows('#voice-path', /^wxfile:\/\/tmp_\w+\.wav$/);
  const seconds = await browser.evaluate(`new Promise((resolve, reject) => {
    const player = document.querySelector('#player');
    const tell = () => resolve(player.duration);
    if (player.readyState >= 1) return tell();
    player.onloadedmetadata = tell;
    player.onerror = () => reject(new Error('the browser cannot play it'));
  })`);
  assert.equal(seconds, 11 / 8);
  // Uses the player's own button. It follows the player's state only when the browser draws the next frame.
  await browser.evaluate(`new Promise((resolve) => {
    const player = document.querySelector('#player');
    const pause = () => {
      player.pause();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)));
    };
    if (player.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return pause();
    player.oncanplay = pause;
  })`);
  const plays = browser.evaluate(`new Promise((resolve) => document.querySelector('#player').addEventListener('play', () => resolve(true)))`);
  await browser.click('#player', 25);
  assert.equal(await plays, true);
  assert.equal((await playground.requests('/download/123')).length, 1);
});

test('a program may choose no file or a file of the visitor, and may have an error', async () => {
  const uploads = (await playground.requests('/upload')).length;
  await browser.click('#run-upload');
  await browser.click('#close-album');
  await browser.until(`!document.querySelector('#album').open`);
  assert.equal((await playground.requests('/upload')).length, uploads);

  const own = join(directory, 'own.txt');
  writeFileSync(own, 'of the visitor');
  const last = await page.lastCall();
  await browser.click('#run-upload');
  const { root } = await browser.send('DOM.getDocument');
  const { nodeId } = await browser.send('DOM.querySelector', { nodeId: root.nodeId, selector: '#own-file' });
  await browser.send('DOM.setFileInputFiles', { nodeId, files: [own] });
  const call = await nextAfter(last);
  assert.equal(await page.result(call), 'uploadFile:ok, status 200');
  const file = (await playground.requests('/upload')).at(-1).parts[1];
  assert.deepEqual([file.contentType, file.length, file.sha256], ['text/plain', 14, sha256('of the visitor')]);

  await browser.write('#upload-program', 'wx.uploadFile({');
  await browser.click('#run-upload');
  await page.shows('#program-error', /SyntaxError/);
});

test('each server gives the result that its button describes', async () => {
  await page.tab('lab');
  for (const [name, result] of [
    ['large', /^downloadFile:ok, status 200, wxfile:\/\/tmp_\w+\.mp4$/],
    ['truncate', /^downloadFile:fail .+, errno 600001$/],
    ['reset', /^downloadFile:fail .+, errno 600001$/],
    ['stall', /^downloadFile:fail timeout, errno 5$/],
    ['unlisted', /^downloadFile:fail url not in domain list, errno 600002$/],
    ['missing', /^downloadFile:ok, status 404, /],
    ['redirect', /^downloadFile:ok, status 200, /],
  ]) {
    const call = await page.start(`#call-${name}`);
    assert.match(await page.result(call), result, name);
    const failed = String(result).includes(':fail');
    assert.deepEqual(await marks(call), { log: failed, card: failed }, name);
  }
  const { requests, connects } = await playground.seen();
  const targets = requests.map(({ target }) => target);
  for (const target of ['/bytes/25165824?type=video/mp4', '/fault/truncate', '/fault/reset', '/fault/stall-in-body', '/status/404', '/bytes/200000']) {
    assert.ok(targets.includes(target), `${target} of ${targets}`);
  }
  assert.deepEqual(connects.filter(({ target }) => target.includes('elsewhere')), []);
});

test('a profile is shown as a waterfall', async () => {
  const call = await page.start('#call-large');
  await page.result(call);
  const titles = await browser.evaluate(`[...document.querySelectorAll('#profile dt')].map((title) => title.textContent)`);
  for (const title of ['Request', 'Response', 'socketReused', 'receivedBytedCount']) assert.ok(titles.includes(title), `${title} of ${titles}`);
  await shownAs(call);
});

test('headers of the page arrive, except the Referer', async () => {
  const call = await page.start('#call-header');
  await page.result(call);
  assert.deepEqual((await page.log(call))[0].details.header, [['X-Page', 'yes'], ['Referer', 'https://mine.example']]);
  const request = (await playground.requests('/headers')).at(-1);
  assert.equal(header(request, 'x-page'), 'yes');
  assert.equal(header(request, 'referer'), 'https://servicewechat.com/wxplayground/0/page-frame.html');
});

test('uploads arrive complete, and an upload that the server does not read times out', async () => {
  const download = await page.start('#call-upload');
  assert.equal(await page.result(await nextAfter(download)), 'uploadFile:ok, status 200');
  const [user, file] = (await playground.requests('/upload')).at(-1).parts;
  assert.equal(user.value, 'test');
  assert.equal(file.length, 8 * 1024 * 1024);
  const stalled = await nextAfter(await page.start('#call-upload-stall'));
  assert.equal(await page.result(stalled), 'uploadFile:fail timeout, errno 5');
  assert.equal((await playground.requests('/fault/stall-in-upload')).length, 1);
});

test('a slow transfer shows its progress and is aborted', async () => {
  const call = await page.start('#call-slow');
  await browser.until(`document.querySelector('[aria-label="Progress of #${call}"]').value > 0`);
  await browser.click(`[aria-label="Abort #${call}"]`);
  assert.match(await page.result(call), /^downloadFile:fail abort, errno 603105$/);
  assert.ok(await browser.evaluate(`document.querySelector('[aria-label="Progress of #${call}"]').value < 100`));
});

test('ten run and two wait', async () => {
  assert.ok(await browser.evaluate(`document.querySelectorAll('#log li').length`) > 10);
  await browser.click('#clear-log');
  assert.equal(await browser.evaluate(`document.querySelectorAll('#log li').length`), 0);
  const first = (await page.lastCall()) + 1;
  await browser.click('#call-queue');
  const calls = Array.from({ length: 12 }, (_, index) => first + index);
  for (const call of calls) assert.match(await page.result(call), /^downloadFile:ok/);
  const profiles = [];
  for (const call of calls) profiles.push((await page.log(call)).find(({ text }) => text.includes(' success')).details.profile);
  // A waiting task starts when another has ended. A profile's times are accurate to a millisecond.
  const firstEnd = Math.min(...profiles.map(({ responseEnd }) => responseEnd));
  assert.ok(profiles.filter(({ queueEnd }) => queueEnd >= firstEnd - 1).length >= 2);
  // A task that waited and one that did not have different phases.
  const waited = profiles.findIndex(({ queueEnd }) => queueEnd >= firstEnd - 1);
  for (const call of [calls[waited], first]) {
    await browser.click(`[aria-label="Profile of #${call}"]`);
    await page.shows('#profile .path', new RegExp(`^#${call} `));
    await shownAs(call);
  }
});

test('running and waiting tasks are aborted at once', async () => {
  const first = (await page.lastCall()) + 1;
  await page.run(stalled(12));
  await browser.click('#abort-all');
  for (let call = first; call < first + 12; call++) assert.match(await page.result(call), /^downloadFile:fail abort/);
});

test('the background interrupts transfers that take more than five seconds', async () => {
  const call = await page.start('#call-slow');
  await page.shows(`#transfers li[data-call="${call}"] .result`, / of 500 B$/);
  await browser.click('#background');
  await page.shows('#state', /^In the background$/);
  assert.match(await page.result(call), /^downloadFile:fail interrupted, errno 600003$/);
  await browser.click('#background');
  await page.shows('#state', /^Connected$/);
  assert.match(await page.result(await page.start('#call-missing')), /status 404/);
});

test('files are made, written, renamed, copied and removed', async () => {
  // Opens the tab with the keyboard.
  await browser.evaluate(`document.querySelector('#tab-lab').focus()`);
  await browser.key('ArrowRight');
  await browser.until(`!document.querySelector('#files').hidden`);

  await browser.write('#entry-name', 'notes');
  await browser.click('#new-entry [value="folder"]');
  await page.shows('#file-message', /^mkdir:ok$/);
  await browser.click('[aria-label="Open notes"]');
  await page.shows('#crumbs', /notes$/);
  await browser.click('#crumbs button:first-child');
  await browser.until(`document.querySelectorAll('#crumbs button').length === 1`);
  await browser.write('#entry-name', 'papers');
  await browser.click('[aria-label="Rename notes"]');
  await page.shows('#entries', /papers\//);
  await browser.click('[aria-label="Open papers"]');
  await browser.until(`document.querySelectorAll('#crumbs button').length === 2`);
  await browser.click('#crumbs button:last-child');
  await page.shows('#crumbs', /papers$/);

  await browser.write('#entry-name', 'a.txt');
  await browser.click('#new-entry [value="note"]');
  await browser.until(`!document.querySelector('#note').hidden`);
  await browser.write('#note-text', '你好，世界');
  await browser.click('#note button');
  await page.shows('#file-message', /^writeFile:ok$/);
  await page.shows('#entries', /a\.txt · 15 B/);
  await browser.click('#close-note');

  await browser.click('[aria-label="SHA-256 of a.txt"]');
  await page.shows('#file-message', new RegExp(sha256('你好，世界')));
  await browser.write('#entry-name', ' ');
  const renamed = () => browser.evaluate(`[...document.querySelectorAll('#log li')].filter(({ textContent }) => / rename /.test(textContent)).length`);
  const before = await renamed();
  await browser.click('[aria-label="Rename a.txt"]');
  await page.shows('#file-message.bad', /^Enter the new name below first$/);
  assert.equal(await renamed(), before, 'nothing is called');
  await browser.write('#entry-name', 'b.txt');
  await browser.click('[aria-label="Rename a.txt"]');
  await page.shows('#entries', /b\.txt/);
  await page.shows('#file-message:not(.bad)', /^rename:ok$/);
  assert.ok(await renamed() > before);
  await browser.click('[aria-label="Copy b.txt"]');
  await page.shows('#entries', /b\.txt\.copy · 15 B/);
  await browser.click('[aria-label="Remove b.txt"]');
  await browser.until(`document.querySelectorAll('#entries li').length === 1`);
  await browser.click('[aria-label="Open b.txt.copy"]');
  await browser.until(`!document.querySelector('#note').hidden && document.querySelector('#note-text').value === '你好，世界'`);
  await browser.click('#close-note');

  await browser.write('#entry-name', 'b.txt.copy');
  await browser.click('#new-entry [value="folder"]');
  await page.shows('#file-message', /^mkdir:fail .*file already exists/);
  await browser.click('#crumbs button');
  await browser.click('[aria-label="Remove papers"]');
  await page.shows('#entries', /none/);
});

test('a launch keeps saved files and an old client sends no headers', async () => {
  const temporary = () => browser.evaluate(`[...document.querySelectorAll('#temporary li > span')].map(({ textContent }) => textContent)`);
  const [first, second] = await temporary();
  await browser.click(`[aria-label="Save ${first}"]`);
  await page.shows('#saved', /wxfile:\/\/store_/);
  assert.ok(!(await temporary()).includes(first));
  await browser.click(`[aria-label="Save ${second} under usr"]`);
  const saved = second.replace('wxfile://', '');
  await page.shows('#entries', new RegExp(saved));
  await page.shows('#file-message', /^saveFile:ok$/);
  assert.ok(!(await temporary()).includes(second));
  assert.equal(await browser.evaluate(`document.querySelectorAll('#saved li').length`), 1);
  await browser.click('#saved [aria-label^="SHA-256"]');
  const content = await browser.evaluate(`wx.getFileSystemManager().readFileSync(document.querySelector('#saved span').textContent.split(' ')[0], 'base64')`);
  await page.shows('#file-message', new RegExp(`^SHA-256 ${sha256(Buffer.from(content, 'base64'))}$`));
  await browser.click(`[aria-label="Remove ${saved}"]`);
  await page.shows('#entries', /none/);

  await browser.evaluate(`document.querySelector('#client').focus()`);
  await browser.key('ArrowDown');
  await browser.until(`document.querySelector('#client').value === 'ios 6.5.3' || undefined`);
  const load = browser.nextLoad();
  await browser.click('#host [type="submit"]');
  await load;
  await page.connected();
  await page.tab('files');
  await page.shows('#saved', /wxfile:\/\/store_/);
  assert.match(await browser.evaluate(`document.querySelector('#temporary').textContent`), /none/);
  await browser.click('#saved [aria-label^="Remove"]');
  await page.shows('#saved', /none/);

  await page.tab('lab');
  await page.result(await page.start('#call-header'));
  assert.equal(header((await playground.requests('/headers')).at(-1), 'x-page'), undefined);
});

test('leaving the page aborts its transfers', async () => {
  await page.run(stalled(10));
  await browser.until(`[...document.querySelectorAll('#transfers .result')].filter(({ textContent }) => / of 1.0 MiB$/.test(textContent)).length === 10`);
  await page.open();
  await page.tab('lab');
  assert.match(await page.result(await page.start('#call-missing')), /status 404/);
  assert.equal(await browser.evaluate(`document.querySelectorAll('#transfers li').length`), 1);
});

test('every control has a name, and nothing is wider than a phone', async () => {
  const { nodes } = await browser.send('Accessibility.getFullAXTree');
  const controls = nodes.filter(({ role, ignored }) => !ignored && ['button', 'textbox', 'combobox', 'tab', 'progressbar'].includes(role?.value));
  assert.ok(controls.length > 15);
  assert.deepEqual(controls.filter(({ name }) => !name?.value).map(({ role }) => role.value), []);
  for (const width of [390, 1440]) {
    await browser.size(width, 900);
    for (const tab of ['guide', 'lab', 'files']) {
      await page.tab(tab);
      assert.ok(await browser.evaluate(`document.documentElement.scrollWidth`) <= width, `${tab} at ${width}`);
    }
  }
});

test('the page is light or dark like the system', async () => {
  const grounds = [];
  for (const value of ['light', 'dark']) {
    await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    grounds.push(await browser.evaluate(`getComputedStyle(document.body).backgroundColor`));
  }
  assert.notEqual(grounds[0], grounds[1]);
});

test('requests of another site are refused', async () => {
  for (const headers of [{ Origin: 'https://elsewhere.example' }, { Origin: 'null' }]) {
    assert.equal((await fetch(`${playground.address}host?do=enterBackground`, { method: 'POST', headers })).status, 403);
  }
});

test('the page loaded nothing from other origins, and no script failed', () => {
  const outside = browser.requested.filter((url) => !url.startsWith(playground.address) && !/^(about|blob|data):/.test(url));
  assert.deepEqual(outside, []);
  assert.deepEqual(browser.errors, []);
});

/* Each test that uses a control also checks its effect. */
test('every control of the page is used by a test', () => {
  assert.ok(controls.there.size > 40, String(controls.there.size));
  assert.deepEqual(controls.unused(), []);
});

/* The phases that a profile shows, with the members for their start and end. */
const PHASES = [
  ['Queue', 'queueStart', 'queueEnd'],
  ['Redirects', 'redirectStart', 'redirectEnd'],
  ['Look-up', 'domainLookUpStart', 'domainLookUpEnd'],
  ['Connect', 'connectStart', 'connectEnd'],
  ['TLS', 'SSLconnectionStart', 'SSLconnectionEnd'],
  ['Request', 'requestStart', 'requestEnd'],
  ['Wait', 'requestEnd', 'responseStart'],
  ['Response', 'responseStart', 'responseEnd'],
];

/* Checks that the waterfall shows the call's profile: the start and the length of each phase. */
async function shownAs(call) {
  const { profile } = (await page.log(call)).find(({ text }) => text.includes(' success')).details;
  const phases = PHASES.filter(([, start, end]) => profile[start] > 0 && profile[end] >= profile[start]);
  assert.ok(phases.length >= 3);
  const end = Math.max(...phases.map(([, , member]) => profile[member]));
  const share = (milliseconds) => (100 * milliseconds) / Math.max(1, end - profile.invokeStart);
  const shown = await browser.evaluate(`[...document.querySelectorAll('#profile .track')].map((track) => {
    const [outer, inner] = [track.getBoundingClientRect(), track.firstChild.getBoundingClientRect()];
    return {
      name: track.previousSibling.textContent, time: track.nextSibling.textContent,
      left: (100 * (inner.left - outer.left)) / outer.width, right: (100 * (inner.right - outer.left)) / outer.width,
      pixel: 100 / outer.width,
    };
  })`);
  assert.deepEqual(shown.map(({ name }) => name), phases.map(([name]) => name));
  for (const [index, [name, from, to]] of phases.entries()) {
    const { time, left, right, pixel } = shown[index];
    assert.equal(time, `${profile[to] - profile[from]} ms`, name);
    const [start, stop] = [share(profile[from] - profile.invokeStart), share(profile[to] - profile.invokeStart)];
    assert.ok(Math.abs(left - start) <= 2 * pixel, `${name} begins at ${left} % and not ${start} %`);
    // Even a phase of zero milliseconds has a visible bar.
    assert.ok(right > left && Math.abs(right - stop) <= 4 * pixel, `${name} ends at ${right} % and not ${stop} %`);
  }
}

/* Whether the log and the transfer's card show a failure, by the color that only failures have. */
function marks(call) {
  return browser.evaluate(`(() => {
    const bad = getComputedStyle(document.documentElement).getPropertyValue('--bad');
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = bad;
    const color = getComputedStyle(probe).color;
    probe.remove();
    const is = (element) => getComputedStyle(element).color === color;
    const lines = [...document.querySelectorAll('#log li')].filter((line) => / #${call} (success|fail)/.test(line.textContent));
    return { log: lines.length === 1 && is(lines[0]), card: is(document.querySelector('#transfers li[data-call="${call}"] .result')) };
  })()`);
}

/* A program whose transfers stall until their deadline, after a minute. */
function stalled(count) {
  return `for (let i = 0; i < ${count}; i++) wx.downloadFile({ url: 'https://faulty.example.test/fault/stall-in-body' })`;
}

function header(request, name) {
  return request.headers.find(([known]) => known.toLowerCase() === name)?.[1];
}

/* Waits for the next call after `call`. */
function nextAfter(call) {
  return browser.until(`document.querySelector('#transfers li[data-call="${call + 1}"]') && ${call + 1}`);
}
