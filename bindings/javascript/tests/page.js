'use strict';

/* A page: wx.js in its own context, with a function that receives its messages. */
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const SCRIPT = fs.readFileSync(path.join(__dirname, '..', 'wx.js'), 'utf8');

class Page {
  /*
   * `send` receives a message of the page, and `sendSync` one that is answered at once. `settings` are the app's,
   * `given` contains other values that the app adds to the page, and `without` names globals that the engine lacks
   * (`setTimeout`, `Promise`, …).
   */
  constructor(send, { sendSync, settings, given = {}, without = [] } = {}) {
    this.messages = [];
    this.context = vm.createContext({
      console,
      setTimeout,
      wxtransferSend: (text) => send(text),
      wxtransferSendSync: sendSync,
      wxtransferSettings: settings,
      ...given,
    });
    for (const name of without) vm.runInContext(`delete globalThis.${name}`, this.context);
    vm.runInContext(SCRIPT, this.context, { filename: 'wx.js' });
    this.wx = this.context.wx;
    this.fs = this.wx.getFileSystemManager();
  }

  run(program) {
    return vm.runInContext(program, this.context, { filename: 'page.js' });
  }

  receive(text, message = JSON.parse(text)) {
    this.messages.push(message);
    this.context.wxtransferReceive(text);
  }

  /* Makes a call and waits for its `complete`. Returns every callback's name and argument, in order. */
  async callbacks(call, options = {}) {
    const events = [];
    await new Promise((resolve) => {
      /* Copied without reading the values, because a test may pass members that throw when read. */
      const all = Object.defineProperties({}, Object.getOwnPropertyDescriptors(options));
      const task = call(Object.assign(all, {
        success: (result) => events.push(['success', result]),
        fail: (result) => events.push(['fail', result]),
        complete: (result) => {
          events.push(['complete', result]);
          resolve();
        },
      }));
      events.push(['returned', task]);
    });
    return events;
  }

  /* Makes a call that must succeed, and returns its result. */
  async success(call, options) {
    return this.only('success', await this.callbacks(call, options));
  }

  /* Makes a call that must fail, and returns its failure. */
  async failure(call, options) {
    return this.only('fail', await this.callbacks(call, options));
  }

  only(event, events) {
    const names = events.map(([name]) => name).join();
    if (names !== `returned,${event},complete`) throw new Error(`${names}: ${JSON.stringify(events)}`);
    if (events[1][1] !== events[2][1]) throw new Error('success or fail and complete are given two objects');
    return events[1][1];
  }
}

module.exports = { Page };
