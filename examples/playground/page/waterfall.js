/* Shows a transfer's profile as a waterfall of its phases. */

import { element, find } from './elements.js';

/* The phases, with the members for their start and end. The TLS handshake is a part of connecting. */
const PHASES = [
  ['Queue', 'queueStart', 'queueEnd', 'queue'],
  ['Redirects', 'redirectStart', 'redirectEnd', 'redirect'],
  ['Look-up', 'domainLookUpStart', 'domainLookUpEnd', 'lookup'],
  ['Connect', 'connectStart', 'connectEnd', 'connect'],
  ['TLS', 'SSLconnectionStart', 'SSLconnectionEnd', 'tls'],
  ['Request', 'requestStart', 'requestEnd', 'request'],
  ['Wait', 'requestEnd', 'responseStart', 'lookup'],
  ['Response', 'responseStart', 'responseEnd', 'response'],
];

export function showProfile(title, profile) {
  const begin = profile.invokeStart;
  const total = Math.max(1, ...PHASES.map(([, , end]) => (profile[end] || begin) - begin));
  const rows = element('dl', { className: 'waterfall' });
  for (const [name, start, end, color] of PHASES) {
    // 0 means that the step did not happen. An answer may start before the end of the request.
    if (!profile[start] || !profile[end] || profile[end] < profile[start]) continue;
    const milliseconds = profile[end] - profile[start];
    const bar = element('i', {});
    bar.style.left = `${(100 * (profile[start] - begin)) / total}%`;
    bar.style.width = `${(100 * milliseconds) / total}%`;
    bar.style.background = `var(--phase-${color})`;
    const track = element('dd', { className: 'track', ariaHidden: 'true' }, bar);
    rows.append(element('dt', {}, name), track, element('dd', { className: 'time' }, `${milliseconds} ms`));
  }
  const facts = element('dl', { className: 'facts' });
  const bounds = new Set(PHASES.flatMap(([, start, end]) => [start, end]));
  for (const [name, value] of Object.entries(profile)) {
    if (bounds.has(name) || name === 'invokeStart' || name === 'fetchStart') continue;
    facts.append(element('div', {}, element('dt', {}, name), element('dd', {}, String(value))));
  }
  find('profile').replaceChildren(element('p', { className: 'path' }, title), rows, facts);
}
