/* Shows the requests that the servers received. Updated whenever a call is complete. */

import { onComplete } from './callbacks.js';
import { element, find, size } from './elements.js';

const LONGEST = 100;

function entry(request) {
  const title = `${request.method} ${request.server}${request.target}`;
  const parts = (request.parts || []).map((part) => (part.filename === null
    ? `${part.name}=${part.value}`
    : `${part.name}: ${part.filename}, ${part.contentType}, ${size(part.length)}`));
  const headers = (request.headers || []).map(([name, value]) => `${name}: ${value}`);
  if (!headers.length) return element('li', {}, title);
  const text = [...headers, ...(parts.length ? ['', ...parts] : [])].join('\n');
  return element('li', {}, element('details', {}, element('summary', {}, title), element('pre', {}, text)));
}

/* The order in which requests were first shown here, because each server numbers only its own. */
const order = new Map();

async function show() {
  const { requests } = await (await fetch('/servers')).json();
  const counts = {};
  const list = requests.map((request) => {
    counts[request.server] = (counts[request.server] || 0) + 1;
    const key = `${request.server} ${counts[request.server]}`;
    if (!order.has(key)) order.set(key, order.size);
    return [order.get(key), request];
  });
  list.sort(([one], [other]) => other - one);
  if (list.length) find('seen').replaceChildren(...list.slice(0, LONGEST).map(([, request]) => entry(request)));
}

/* Waits a moment, so that calls that end together cause one update. */
let waiting;
onComplete(() => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 50);
});
