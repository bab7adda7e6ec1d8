/* Creates and finds elements of the page. */

export function find(id) {
  return document.getElementById(id);
}

/* Creates an element with properties and children. A child may be a text. */
export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function button(text, onclick, label) {
  const made = element('button', { type: 'button', onclick }, text);
  if (label) made.setAttribute('aria-label', label);
  return made;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
