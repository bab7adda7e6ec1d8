/* A file manager over wx.getFileSystemManager() and the calls of saved files. */

import { onComplete } from './callbacks.js';
import { button, element, find, size } from './elements.js';
import { observe } from './host.js';

const { wx } = window;
const manager = wx.getFileSystemManager();
const ROOT = wx.env.USER_DATA_PATH;
const temporary = new Set();
let directory = ROOT;
let open;

function say(text, failed = false) {
  find('file-message').textContent = text;
  find('file-message').classList.toggle('bad', failed);
}

/* Makes a call with callbacks, so that the log shows it. */
function call(run, options, done = () => {}) {
  run({
    ...options,
    success: (result) => { say(result.errMsg); done(result); show(); },
    fail: (failure) => say(failure.errMsg, true),
  });
}

function row(name, note, ...actions) {
  return element('li', {}, element('span', {}, name, note ? ` · ${note}` : ''), element('div', { className: 'actions' }, ...actions));
}

function fill(id, rows) {
  find(id).replaceChildren(...(rows.length ? rows : [element('li', { className: 'empty' }, 'none')]));
}

function entry(name) {
  const path = `${directory}/${name}`;
  // A synchronous call: the page waits for the result.
  const stats = manager.statSync(path);
  const rename = button('Rename', () => {
    const other = find('entry-name').value.trim();
    if (!other) return say('Enter the new name below first', true);
    call(manager.rename, { oldPath: path, newPath: `${directory}/${other}` });
  }, `Rename ${name}`);
  if (stats.isDirectory()) {
    const enter = button('Open', () => { directory = path; show(); }, `Open ${name}`);
    const remove = button('Remove', () => call(manager.rmdir, { dirPath: path, recursive: true }), `Remove ${name}`);
    return row(`${name}/`, '', enter, rename, remove);
  }
  const copy = button('Copy', () => call(manager.copyFile, { srcPath: path, destPath: `${path}.copy` }), `Copy ${name}`);
  const edit = button('Open', () => edits(path), `Open ${name}`);
  const remove = button('Remove', () => call(manager.unlink, { filePath: path }), `Remove ${name}`);
  return row(name, size(stats.size), edit, rename, copy, digest(path, name), remove);
}

function digest(path, name) {
  const ask = { filePath: path, digestAlgorithm: 'sha256' };
  return button('SHA-256', () => call(manager.getFileInfo, ask, (info) => say(`SHA-256 ${info.digest}`)), `SHA-256 of ${name}`);
}

function edits(path) {
  call(manager.readFile, { filePath: path, encoding: 'utf8' }, ({ data }) => {
    open = path;
    find('note').hidden = false;
    find('note-path').textContent = path;
    find('note-text').value = data;
  });
}

function showDirectory() {
  const parts = directory.slice(ROOT.length).split('/').filter(Boolean);
  const crumb = (name, path) => button(name, () => { directory = path; show(); });
  find('crumbs').replaceChildren(crumb(ROOT, ROOT), ...parts.map((part, index) => crumb(part, [ROOT, ...parts.slice(0, index + 1)].join('/'))));
  try {
    fill('entries', manager.readdirSync(directory).sort().map(entry));
  } catch (error) {
    fill('entries', []);
    say(error.errMsg || error.message, true);
  }
}

function showSaved() {
  wx.getSavedFileList({
    success: ({ fileList }) => fill('saved', fileList.map(({ filePath, size: bytes }) => row(
      filePath,
      size(bytes),
      digest(filePath, filePath),
      button('Remove', () => call(wx.removeSavedFile, { filePath }), `Remove ${filePath}`),
    ))),
  });
}

function showTemporary() {
  fill('temporary', [...temporary].map((path) => row(
    path,
    '',
    button('Save', () => call(wx.saveFile, { tempFilePath: path }, () => temporary.delete(path)), `Save ${path}`),
    button('Save under usr', () => {
      const filePath = `${ROOT}/${path.split('/').pop()}`;
      call(wx.saveFile, { tempFilePath: path, filePath }, () => temporary.delete(path));
    }, `Save ${path} under usr`),
  )));
}

export function show() {
  if (find('files').hidden) return;
  showDirectory();
  showSaved();
  showTemporary();
}

observe((direction, { result }) => {
  if (direction === 'received' && result?.tempFilePath) temporary.add(result.tempFilePath);
});
onComplete(() => { if (!find('files').hidden) showTemporary(); });
find('tab-files').addEventListener('select', show);

find('new-entry').onsubmit = (event) => {
  event.preventDefault();
  const path = `${directory}/${find('entry-name').value.trim()}`;
  if (event.submitter?.value === 'note') {
    call(manager.writeFile, { filePath: path, data: '', encoding: 'utf8' }, () => edits(path));
  } else {
    call(manager.mkdir, { dirPath: path });
  }
};
find('note').onsubmit = (event) => {
  event.preventDefault();
  call(manager.writeFile, { filePath: open, data: find('note-text').value, encoding: 'utf8' });
};
find('close-note').onclick = () => { find('note').hidden = true; };
