/* A headless Chromium, controlled by the DevTools protocol over two pipes. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/* A step that takes longer than this hangs. */
export const WAIT_LIMIT = 30_000;

export class Browser {
  static async start() {
    const directory = mkdtempSync(join(tmpdir(), 'wxtransfer-browser-'));
    const words = [
      '--headless=new', '--remote-debugging-pipe', `--user-data-dir=${directory}`, '--no-first-run', '--disable-gpu',
      '--mute-audio', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-dev-shm-usage', '--force-device-scale-factor=1',
      // Chromium does not start its sandbox as root, which is the user in containers.
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
      'about:blank',
    ];
    const child = spawn(process.env.CHROMIUM || 'chromium', words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new Browser(child, directory);
    const { targetInfos } = await browser.send('Target.getTargets');
    const { targetId } = targetInfos.find(({ type }) => type === 'page');
    browser.session = (await browser.send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'DOM', 'Accessibility']) await browser.send(`${domain}.enable`);
    return browser;
  }

  constructor(child, directory) {
    this.child = child;
    this.directory = directory;
    this.last = 0;
    this.answers = new Map();
    this.requested = [];
    this.errors = [];
    this.loaded = [];
    this.bindings = new Map();
    let rest = Buffer.alloc(0);
    child.stdio[4].on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.take(JSON.parse(rest.subarray(0, end)));
        rest = rest.subarray(end + 1);
      }
    });
    // Write errors are ignored: if the browser has ended, `exit` reports it.
    child.stdio[3].on('error', () => {});
    this.ended = new Promise((resolve) => {
      const end = (reason) => {
        for (const { reject } of this.answers.values()) reject(new Error(`the browser has ended: ${reason}`));
        resolve();
      };
      child.on('error', (error) => end(error.message));
      child.on('exit', (code, signal) => end(signal || code));
    });
  }

  take({ id, result, error, method, params }) {
    if (id) {
      const { resolve, reject } = this.answers.get(id);
      this.answers.delete(id);
      return error ? reject(new Error(error.message)) : resolve(result);
    }
    if (method === 'Network.requestWillBeSent') this.requested.push(params.request.url);
    if (method === 'Page.loadEventFired') this.loaded.splice(0).forEach((resolve) => resolve());
    if (method === 'Runtime.bindingCalled') this.bindings.get(params.name)?.(params.payload);
    if (method === 'Runtime.exceptionThrown') this.errors.push(params.exceptionDetails.exception?.description || params.exceptionDetails.text);
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.errors.push(`${params.entry.text} ${params.entry.url}`);
    return undefined;
  }

  send(method, params = {}) {
    const id = ++this.last;
    const { promise, resolve, reject } = deferred();
    const timer = setTimeout(() => reject(new Error(`no answer to ${method} ${JSON.stringify(params).slice(0, 300)}`)), WAIT_LIMIT * 2);
    this.answers.set(id, { resolve, reject });
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return promise.finally(() => clearTimeout(timer));
  }

  /* Gives every page a function with this name, which passes its text to `called`. */
  async bind(name, called) {
    this.bindings.set(name, called);
    await this.send('Runtime.addBinding', { name });
  }

  /* Resolves when the next page is loaded. */
  nextLoad() {
    const { promise, resolve } = deferred();
    this.loaded.push(resolve);
    return promise;
  }

  async open(url) {
    const load = this.nextLoad();
    await this.send('Page.navigate', { url });
    await load;
  }

  /* Evaluates an expression in the page, and waits for its value. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  }

  /* Waits until an expression is truthy, and returns its value. Evaluates it whenever the document changes. */
  async until(expression) {
    const value = await this.evaluate(`new Promise((resolve) => {
      const limit = setTimeout(() => resolve({ late: document.querySelector('main').innerText }), ${WAIT_LIMIT});
      const look = () => {
        const value = (${expression});
        if (!value) return;
        observer.disconnect();
        clearTimeout(limit);
        resolve({ value });
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    })`);
    if (value.late !== undefined) throw new Error(`never so: ${expression}\nshown: ${value.late}`);
    return value.value;
  }

  /* Clicks a visible element with the mouse, in the middle or `fromLeft` pixels from its left edge. */
  async click(selector, fromLeft) {
    const { x, y, hit } = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      if (!element) return { hit: 'nothing' };
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { left, top, width, height } = element.getBoundingClientRect();
      const [x, y] = [left + (${fromLeft ?? null} ?? width / 2), top + height / 2];
      const found = document.elementFromPoint(x, y);
      return { x, y, hit: found && element.contains(found) ? '' : String(found && found.outerHTML.slice(0, 200)) };
    })()`);
    if (hit) throw new Error(`${selector} cannot be clicked: there is ${hit}`);
    const at = { x, y, button: 'left', clickCount: 1 };
    await this.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
    await this.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
  }

  async key(key, text) {
    const code = { Enter: 13, Escape: 27, ArrowRight: 39, ArrowLeft: 37, ArrowDown: 40, Tab: 9 }[key];
    const event = { key, code: key, windowsVirtualKeyCode: code };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event, text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  /* Replaces the text of a field. */
  async write(selector, text) {
    await this.click(selector);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).select()`);
    await this.send('Input.insertText', { text });
  }

  async size(width, height) {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async screenshot() {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  async end() {
    this.session = undefined;
    await this.send('Browser.close').catch(() => this.child.kill());
    await this.ended;
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
