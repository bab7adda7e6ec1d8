'use strict';

/* The real library: `examples/playground --stdio`, whose module documentation describes its messages. */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { MessageChannel, Worker, receiveMessageOnPort } = require('node:worker_threads');
const { Page } = require('./page.js');

/* A wait that takes longer has failed. */
const WAIT_LIMIT = 120_000;

class Host {
  /* Starts a host with command line arguments. `page` contains the options of `Page`. */
  static async start(t, words = [], page = {}) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wxtransfer-page-'));
    const host = new Host(directory, words, page);
    t.after(async () => {
      await host.end();
      fs.rmSync(directory, { recursive: true, force: true });
    });
    await host.ready;
    return host;
  }

  constructor(directory, words, page) {
    const { port1, port2 } = new MessageChannel();
    this.directory = directory;
    this.port = port1;
    this.arrived = new Int32Array(new SharedArrayBuffer(4));
    this.controls = [];
    this.early = [];
    this.ended = new Promise((resolve) => { this.tellEnd = resolve; });
    this.ready = new Promise((resolve, reject) => this.controls.push({ resolve, reject }));
    const program = process.env.WXTRANSFER_PLAYGROUND;
    const all = ['--stdio', '--data-directory', path.join(directory, 'data'), ...words];
    this.worker = new Worker(path.join(__dirname, 'host-worker.js'), {
      workerData: { program, words: all, port: port2, arrived: this.arrived }, transferList: [port2],
    });
    this.port.on('message', (message) => {
      this.takeEarly();
      this.take(message);
    });
    this.page = this.newPage(page);
  }

  /* Creates a page of this host. The previous page receives no more messages, as after a reload. */
  newPage(options = {}) {
    this.page = new Page((text) => this.send(text), { sendSync: (text) => this.sendSync(text), ...options });
    return this.page;
  }

  send(line) {
    this.port.postMessage({ line });
  }

  /* Waits on this thread. Other messages that arrive meanwhile are handled in a later turn. */
  sendSync(line) {
    this.send(line);
    for (;;) {
      const seen = Atomics.load(this.arrived, 0);
      const received = receiveMessageOnPort(this.port);
      if (received) {
        const answer = received.message.line && JSON.parse(received.message.line);
        if (answer && answer.call === undefined && (answer.success || answer.fail)) {
          setImmediate(() => this.takeEarly());
          return received.message.line;
        }
        this.early.push(received.message);
      } else if (Atomics.wait(this.arrived, 0, seen, WAIT_LIMIT) === 'timed-out') {
        throw new Error('the host gives no answer');
      }
    }
  }

  takeEarly() {
    for (const message of this.early.splice(0)) this.take(message);
  }

  take({ line, ended }) {
    if (ended !== undefined) {
      for (const { reject } of this.controls) reject(new Error(`the host has ended: ${ended}`));
      this.tellEnd(ended);
      return;
    }
    const message = JSON.parse(line);
    if (message.host === undefined) return this.page.receive(line, message);
    const { resolve, reject } = this.controls.shift();
    if (message.error === undefined) resolve(message.result);
    else reject(new Error(message.error));
  }

  /* Sends a message for the host itself, such as `enterBackground`. */
  control(name, members = {}) {
    return new Promise((resolve, reject) => {
      this.controls.push({ resolve, reject });
      this.send(JSON.stringify({ host: name, ...members }));
    });
  }

  /* The path that a page receives for a file of these bytes that the user chose. */
  async chosen(content, name = 'a.txt') {
    const file = path.join(this.directory, name);
    fs.writeFileSync(file, content);
    return (await this.control('importFile', { path: file })).tempFilePath;
  }

  async end() {
    this.port.postMessage({});
    await this.ended;
    await this.worker.terminate();
  }
}

module.exports = { Host, WAIT_LIMIT };
