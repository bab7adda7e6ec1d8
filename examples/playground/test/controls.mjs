/* Records which controls the page had in this browser, and which of them received real user input. */

/* Runs in the page, before its own scripts. The test provides `tellControl`. */
function record() {
  const CONTROLS = 'a[href], button, input, select, textarea, summary, audio';
  const told = new Set();

  /* The control's id. A control of a list item has the list's id and its own text instead. */
  function nameOf(control) {
    if (control.id) return `#${control.id}`;
    const place = `#${control.closest('[id]').id}`;
    if (control.localName === 'summary') return `${place} summary`;
    if (place === '#crumbs') return `${place} ${control.previousElementSibling ? 'folder' : 'root'}`;
    const entry = place === '#entries' ? control.closest('li').firstChild.textContent : '';
    const kind = entry && (entry.endsWith('/') ? ' of a folder' : ' of a file');
    return `${place} ${control.title || control.textContent}${kind}`;
  }

  function tell(name, used) {
    const message = JSON.stringify({ name, used });
    if (told.has(message)) return;
    told.add(message);
    window.tellControl(message);
  }

  function use(event, controls) {
    document.addEventListener(event, ({ target, isTrusted }) => {
      const control = isTrusted && target.closest?.(controls);
      if (control) tell(nameOf(control), true);
    }, { capture: true });
  }

  use('click', 'a[href], button, summary');
  use('input', 'input, textarea');
  use('change', 'input, select');
  use('play', 'audio');
  const look = () => document.querySelectorAll(CONTROLS).forEach((control) => tell(nameOf(control), false));
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
}

export class Controls {
  constructor(browser) {
    this.browser = browser;
    this.there = new Set();
    this.used = new Set();
  }

  async watch() {
    await this.browser.bind('tellControl', (message) => {
      const { name, used } = JSON.parse(message);
      (used ? this.used : this.there).add(name);
    });
    await this.browser.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${record})()` });
  }

  unused() {
    return [...this.there].filter((name) => !this.used.has(name)).sort();
  }
}
