/* A page's calls to correct and faulty servers. */

import { element, find } from './elements.js';

const { wx } = window;

function download(path, more = {}) {
  return () => wx.downloadFile({ url: `https://example.com${path}`, ...more });
}

function faulty(fault, more = {}) {
  return () => wx.downloadFile({ url: `https://faulty.example.test/fault/${fault}`, ...more });
}

/* An upload. It first downloads the file that it sends. */
function uploadTo(url, more = {}) {
  return () => wx.downloadFile({
    url: 'https://example.com/bytes/8388608?type=video/mp4',
    success: ({ tempFilePath }) => wx.uploadFile({ url, filePath: tempFilePath, name: 'file', ...more }),
  });
}

const CALLS = [
  ['large', 'A large download', '24 MiB over TLS', download('/bytes/25165824?type=video/mp4')],
  ['slow', 'A slow server', 'a byte every 20 ms, for 10 s', download('/drip?n=500&ms=20')],
  ['truncate', 'A server that fails in the middle', '64 KiB of 1 MiB, then the end', faulty('truncate')],
  ['reset', 'A connection that is reset', 'the same with a reset', faulty('reset')],
  ['stall', 'A server that stops', 'timeout: 1500', faulty('stall-in-body', { timeout: 1500 })],
  ['unlisted', 'A domain that is not listed', 'https://elsewhere.example.org', () => wx.downloadFile({ url: 'https://elsewhere.example.org/file' })],
  ['missing', 'A file that is not there', 'status 404, which is a success', download('/status/404')],
  ['redirect', 'A redirect', 'to a picture', download('/redirect/302?to=/bytes/200000')],
  ['header', 'Headers of the page', 'X-Page, and a Referer that is not its own', download('/headers', { header: { 'X-Page': 'yes', Referer: 'https://mine.example' } })],
  ['queue', 'Twelve at once', 'ten run, two wait', () => { for (let i = 0; i < 12; i++) download('/drip?n=50&ms=20')(); }],
  ['upload', 'A large upload', '8 MiB, downloaded first', uploadTo('https://example.com/upload', { formData: { user: 'test' } })],
  ['upload-stall', 'An upload that nobody reads', 'timeout: 1500', uploadTo('https://faulty.example.test/fault/stall-in-upload', { timeout: 1500 })],
];

find('calls').append(...CALLS.map(([id, title, explanation, run]) => (
  element('button', { type: 'button', id: `call-${id}`, onclick: run }, title, element('small', {}, explanation))
)));
