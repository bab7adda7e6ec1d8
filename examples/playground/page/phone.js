/* The phone around the page: its screens, and the two calls of the guide's programs that the library does not have. */

import { element, find } from './elements.js';
import { address, ask } from './host.js';

/* The pictures that the user can choose from. */
const PICTURES = [
  ['Sunrise', '#ffb45e', '#d8456b', 0.62],
  ['Sea', '#8fd3ff', '#0b5c8f', 0.45],
  ['Meadow', '#d9f2a5', '#2e7d32', 0.55],
];

let chosen = {};

function paint([name, above, below, horizon]) {
  const canvas = element('canvas', { width: 480, height: 480 });
  const context = canvas.getContext('2d');
  const sky = context.createLinearGradient(0, 0, 0, 480 * horizon);
  sky.addColorStop(0, above);
  sky.addColorStop(1, '#fff6e5');
  context.fillStyle = sky;
  context.fillRect(0, 0, 480, 480);
  context.fillStyle = '#fff3b0';
  context.arc(340, 480 * horizon - 60, 46, 0, 7);
  context.fill();
  context.fillStyle = below;
  context.beginPath();
  context.moveTo(0, 480 * horizon);
  for (let x = 0; x <= 480; x += 10) context.lineTo(x, 480 * horizon + 24 * Math.sin(x / 55));
  context.lineTo(480, 480);
  context.lineTo(0, 480);
  context.fill();
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', name);
  const choose = element('button', { type: 'button', title: name }, canvas);
  choose.onclick = () => canvas.toBlob((blob) => take(blob, `${name.toLowerCase()}.jpg`), 'image/jpeg', 0.9);
  return choose;
}

/* Imports a chosen picture, as an app does: the library makes a temporary file from it. */
async function take(blob, name) {
  const { success, fail, complete } = chosen;
  chosen = {};
  find('album').close();
  try {
    const file = await ask(address('/import', { name }), blob);
    const result = { errMsg: 'chooseImage:ok', tempFilePaths: [file.tempFilePath], tempFiles: [{ path: file.tempFilePath, size: file.size }] };
    success?.(result);
    complete?.(result);
  } catch (error) {
    const failure = { errMsg: `chooseImage:fail ${error.message}` };
    fail?.(failure);
    complete?.(failure);
  }
}

window.wx.chooseImage = (options = {}) => {
  chosen = options;
  find('album').showModal();
};

window.wx.playVoice = ({ filePath }) => {
  find('voice').hidden = false;
  find('voice-path').textContent = filePath;
  const player = find('player');
  player.src = address('/file', { path: filePath });
  // A browser may refuse to play before the user has clicked. The player has its own button.
  player.play().catch(() => {});
};

find('pictures').append(...PICTURES.map(paint));
find('own-file').onchange = ({ target }) => target.files.length && take(target.files[0], target.files[0].name);
find('close-album').onclick = () => find('album').close();
find('album').addEventListener('close', () => {
  const failure = { errMsg: 'chooseImage:fail cancel' };
  chosen.fail?.(failure);
  chosen.complete?.(failure);
  chosen = {};
  find('own-file').value = '';
});

const tabs = [...document.querySelectorAll('[role="tab"]')];

function select(tab) {
  for (const other of tabs) {
    other.setAttribute('aria-selected', String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
    find(other.getAttribute('aria-controls')).hidden = other !== tab;
  }
  tab.dispatchEvent(new Event('select'));
}

for (const [index, tab] of tabs.entries()) {
  tab.onclick = () => select(tab);
  tab.onkeydown = ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = tabs[(index + step + tabs.length) % tabs.length];
    next.focus();
    select(next);
  };
}

function tick() {
  find('clock').textContent = new Date().toTimeString().slice(0, 5);
}
tick();
setInterval(tick, 10_000);
