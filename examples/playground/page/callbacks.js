/* Shows the log of messages, and a card with a progress bar for each transfer. */

import { button, element, find, size } from './elements.js';
import { observe } from './host.js';
import { showProfile } from './waterfall.js';

const LONGEST_LOG = 400;
const transfers = new Map();
const completed = [];
const started = performance.now();
let last = {};

/* Calls `listener` whenever a call is complete. */
export function onComplete(listener) {
  completed.push(listener);
}

observe((direction, message) => {
  log(direction, message);
  if (direction === 'sent' && (message.api === 'uploadFile' || message.api === 'downloadFile')) begin(message);
  if (direction === 'received') update(message);
});

function log(direction, message) {
  const name = message.event || message.api || (message.abort ? 'abort' : Object.keys(message)[0]);
  const call = message.call || message.abort;
  const title = `${direction === 'sent' ? '→' : '←'} ${call ? `#${call} ` : ''}${name}`;
  const details = message.result || message.options || message.success || message.fail;
  // Repeated progress shares one line. Otherwise it would push all other lines out of view.
  if (last.title === title && name === 'progressUpdate') {
    last.count += 1;
    last.line.querySelector('summary').lastChild.textContent = ` ×${last.count}`;
    last.line.querySelector('pre').textContent = pretty(details);
    return;
  }
  const line = element('li', {});
  const time = element('time', {}, `${((performance.now() - started) / 1000).toFixed(2)} s`);
  if (details && Object.keys(details).length) {
    const summary = element('summary', {}, time, title, ` ${brief(details)}`);
    line.append(element('details', {}, summary, element('pre', {}, pretty(details))));
  } else {
    line.append(time, title);
  }
  if (name === 'fail') line.className = 'fail';
  const list = find('log');
  list.prepend(line);
  while (list.children.length > LONGEST_LOG) list.lastElementChild.remove();
  last = { title, line, count: 1 };
}

function brief(details) {
  return details.errMsg || details.url || details.path || details.filePath || details.dirPath || '';
}

function pretty(value) {
  return JSON.stringify(value, null, 1);
}

function begin({ call, api, options }) {
  const bar = element('progress', { max: 100, value: 0 });
  const state = element('span', { className: 'result' }, 'started');
  const abort = button('Abort', () => window.wxtransferSend(JSON.stringify({ abort: call })), `Abort #${call}`);
  const title = `#${call} ${api === 'uploadFile' ? '↑' : '↓'} ${options.url}`;
  bar.setAttribute('aria-label', `Progress of #${call}`);
  const actions = element('span', {}, abort);
  const card = element('li', {}, element('div', { className: 'line' }, element('span', { className: 'path' }, title), actions), bar, state);
  card.dataset.call = call;
  const list = find('transfers');
  list.querySelector('.empty')?.remove();
  list.prepend(card);
  transfers.set(call, { api, bar, state, abort, actions, title });
}

function update({ call, event, result }) {
  if (event === 'complete') completed.forEach((listener) => listener());
  const transfer = transfers.get(call);
  if (!transfer) return;
  const { bar, state, abort, actions, title } = transfer;
  if (event === 'headersReceived') {
    state.textContent = `status ${result.statusCode}`;
  } else if (event === 'progressUpdate') {
    const bytes = result.totalBytesSent ?? result.totalBytesWritten;
    const expected = result.totalBytesExpectedToSend ?? result.totalBytesExpectedToWrite;
    if (result.progress === undefined) bar.removeAttribute('value');
    else bar.value = result.progress;
    state.textContent = expected > 0 ? `${size(bytes)} of ${size(expected)}` : size(bytes);
  } else if (event === 'success' || event === 'fail') {
    const file = result.tempFilePath || result.filePath;
    bar.value = event === 'success' ? 100 : bar.value;
    state.classList.add(event);
    state.textContent = event === 'success'
      ? `${result.errMsg}, status ${result.statusCode}${file ? `, ${file}` : ''}`
      : `${result.errMsg}, errno ${result.errno}`;
    if (result.profile) {
      actions.prepend(button('Profile', () => showProfile(title, result.profile), `Profile of #${call}`), ' ');
      showProfile(title, result.profile);
    }
  } else if (event === 'complete') {
    abort.remove();
  }
}

find('abort-all').onclick = () => {
  for (const [call, { abort }] of transfers) {
    if (abort.isConnected) window.wxtransferSend(JSON.stringify({ abort: call }));
  }
};
find('clear-log').onclick = () => find('log').replaceChildren();
