/* The playground's program, and a user's actions on its page. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Playground {
  static async start() {
    const child = spawn(process.env.PLAYGROUND, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const address = await new Promise((resolve, reject) => {
      child.on('error', reject);
      ended.then((code) => reject(new Error(`the playground has ended: ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => resolve(/http:[^ ]*/.exec(line)[0]));
    });
    return new Playground(child, ended, address);
  }

  constructor(child, ended, address) {
    Object.assign(this, { child, ended, address });
  }

  /* The requests that the servers have received. */
  async seen() {
    return (await fetch(`${this.address}servers`)).json();
  }

  /* The requests for a target. */
  async requests(target) {
    return (await this.seen()).requests.filter((request) => request.target.startsWith(target));
  }

  /* Ends the program, and returns its exit code. */
  end() {
    this.child.stdin.end();
    return this.ended;
  }
}

/* The page in a browser. */
export class Page {
  constructor(browser, address) {
    Object.assign(this, { browser, address });
  }

  async open() {
    await this.browser.open(this.address);
    await this.connected();
  }

  connected() {
    return this.browser.until(`document.querySelector('#state').textContent === 'Connected'`);
  }

  async tab(name) {
    await this.browser.click(`#tab-${name}`);
  }

  /* Clicks a button that starts a transfer, and returns its call number. */
  async start(selector) {
    const before = await this.lastCall();
    await this.browser.click(selector);
    // Finds the oldest new call, because the call may have started another one already. The newest call is first in the list.
    return this.browser.until(`[...document.querySelectorAll('#transfers li[data-call]')].reverse()
      .map((card) => Number(card.dataset.call)).find((call) => call > ${before})`);
  }

  /* Runs the test's program instead of the guide's download. */
  async run(program) {
    await this.tab('guide');
    await this.browser.write('#download-program', program);
    await this.browser.click('#run-download');
    await this.tab('lab');
  }

  lastCall() {
    return this.browser.evaluate(`Number(document.querySelector('#transfers li[data-call]')?.dataset.call || 0)`);
  }

  /* Waits for the end of a transfer, and returns the text of its result. */
  result(call) {
    return this.browser.until(`(() => {
      const card = document.querySelector('#transfers li[data-call="${call}"]');
      const ended = card && !card.querySelector('[aria-label="Abort #${call}"]');
      return ended && card.querySelector('.result').textContent;
    })()`);
  }

  /* The messages of one call in the log, oldest first. */
  log(call) {
    return this.browser.evaluate(`[...document.querySelectorAll('#log li')].reverse().map((line) => ({
      text: (line.querySelector('summary') || line).textContent,
      details: JSON.parse(line.querySelector('pre')?.textContent || 'null'),
    })).filter(({ text }) => text.includes('#${call} '))`);
  }

  /* Waits until an element's text matches `pattern`. */
  async shows(selector, pattern) {
    return this.browser.until(`[...document.querySelectorAll(${JSON.stringify(selector)})].some((element) => ${pattern}.test(element.textContent))`);
  }
}
