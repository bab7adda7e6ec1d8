/* Runs the guide's programs, and handles the buttons of the app around the mini program. */

import './callbacks.js';
import './servers.js';
import './phone.js';
import './lab.js';
import './files.js';
import { find } from './elements.js';
import { address, ask, onLost, ready } from './host.js';

function state(text, kind) {
  find('state').textContent = text;
  find('state').className = kind;
}

function failed(error) {
  state(error.message, 'bad');
}

/* Runs the program in a new function scope, as a mini program's engine runs a page's script. */
function run(program) {
  find('program-error').textContent = '';
  try {
    new Function(find(program).value)();
  } catch (error) {
    find('program-error').textContent = String(error);
  }
}

const programs = ['upload', 'download'].map(async (name) => {
  find(`run-${name}`).onclick = () => run(`${name}-program`);
  find(`${name}-program`).value = await (await fetch(`/${name}.js`)).text();
});

const background = find('background');
background.onclick = async () => {
  const away = background.getAttribute('aria-pressed') === 'false';
  try {
    await ask(address('/host', { do: away ? 'enterBackground' : 'enterForeground' }));
  } catch (error) {
    return failed(error);
  }
  background.setAttribute('aria-pressed', String(away));
  background.textContent = away ? 'Return to the foreground' : 'Go to the background';
  state(away ? 'In the background' : 'Connected', away ? '' : 'good');
};

/* Closes and reopens the mini program: saved files stay, temporary ones are deleted. */
find('host').onsubmit = async (event) => {
  event.preventDefault();
  const [platform, clientVersion] = find('client').value.split(' ');
  sessionStorage.setItem('client', find('client').value);
  try {
    await ask(address('/host', { do: 'relaunch', platform, clientVersion }));
    location.reload();
  } catch (error) {
    failed(error);
  }
};
find('client').value = sessionStorage.getItem('client') || find('client').value;

onLost(() => state('The host has ended', 'bad'));
Promise.all([ready, ...programs]).then(([{ version }]) => {
  state('Connected', 'good');
  document.querySelector('h1 small').textContent = `playground ${version}`;
}).catch(failed);
