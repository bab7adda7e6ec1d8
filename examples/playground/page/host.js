/* The way to the app: what bindings/javascript.md asks of it, over HTTP. */

const observers = [];
const events = new EventSource('/events');
let page;
let sending = new Promise((resolve, reject) => {
  events.addEventListener('page', (event) => {
    // The browser has opened the events anew: the app has another bridge for this page, which knows none of its calls.
    if (page !== undefined) return location.reload();
    page = JSON.parse(event.data);
    resolve(page);
  });
});

export const ready = sending;

/* Has `observer(direction, message)` told of every message, "sent" or "received", before the page is. */
export function observe(observer) {
  observers.push(observer);
}

function tell(direction, text) {
  const message = JSON.parse(text);
  for (const observer of observers) observer(direction, message);
}

export async function ask(path, body = '') {
  const answer = await fetch(path, { method: 'POST', body });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

export function address(path, parameters = {}) {
  return `${path}?${new URLSearchParams({ page: page.page, ...parameters })}`;
}

/* One after the other: an abort must not overtake its call. */
window.wxtransferSend = (text) => {
  tell('sent', text);
  sending = sending.then(() => ask(address('/send'), text)).catch((error) => console.error(error));
};

window.wxtransferSendSync = (text) => {
  tell('sent', text);
  const request = new XMLHttpRequest();
  request.open('POST', address('/sync'), false);
  request.send(text);
  if (request.status !== 200) throw new Error(request.responseText);
  tell('received', request.responseText);
  return request.responseText;
};

events.onmessage = (event) => {
  tell('received', event.data);
  window.wxtransferReceive(event.data);
};

export function onLost(lost) {
  events.onerror = lost;
}
