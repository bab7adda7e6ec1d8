/* What the servers saw, asked anew whenever a call is complete. */

import { onComplete } from './callbacks.js';
import { element, find, size } from './elements.js';

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

async function show() {
  const { requests } = await (await fetch('/servers')).json();
  if (requests.length) find('seen').replaceChildren(...requests.slice(-100).reverse().map(entry));
}

/* Calls that end together are shown together. */
let waiting;
onComplete(() => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 50);
});
