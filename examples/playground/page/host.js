/* Connects the page with the app: the functions of bindings/javascript.md, over HTTP. */

const observers = [];
const events = new EventSource('/events');
let page;
let sending = new Promise((resolve, reject) => {
  events.addEventListener('page', (event) => {
    // The browser has reconnected. The app then has a new bridge for this page, which knows none of its calls.
    if (page !== undefined) return location.reload();
    page = JSON.parse(event.data);
    resolve(page);
  });
});

export const ready = sending;

/* Calls `observer(direction, message)` for every message, "sent" or "received", before the page receives it. */
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

/* Sends one message after the other, so that an abort does not overtake its call. */
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
