'use strict';

/* Owns the host's process on a separate thread, so that the page's thread can wait for an answer (see host.js). */
const { spawn } = require('node:child_process');
const readline = require('node:readline');
const { workerData } = require('node:worker_threads');

const { program, words, port, arrived } = workerData;
const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });

function tell(message) {
  port.postMessage(message);
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
}

readline.createInterface({ input: child.stdout }).on('line', (line) => tell({ line }));
child.on('error', (error) => tell({ ended: error.message }));
child.on('close', (code, signal) => {
  tell({ ended: signal || code });
  port.close();
});
/* Write errors are ignored: if the host has ended, `close` reports it. */
child.stdin.on('error', () => {});
port.on('message', ({ line }) => {
  if (line === undefined) child.stdin.end();
  else child.stdin.write(line + '\n');
});
