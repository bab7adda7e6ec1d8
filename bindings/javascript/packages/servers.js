'use strict';

/* Servers that answer as the servers for which the packages are made. Each keeps its requests. */
const { createHash, createHmac } = require('node:crypto');
const { buffer } = require('node:stream/consumers');
const { startServer } = require('../tests/servers.js');

/* The form of an upload, parsed by Node: the fields in order, and the file. */
async function readForm(request) {
  const body = new Response(await buffer(request), { headers: { 'content-type': request.headers['content-type'] } });
  const entries = [...await body.formData()];
  const fields = entries.filter(([, value]) => typeof value === 'string');
  const [field, file] = entries.find(([, value]) => typeof value !== 'string') || [];
  return {
    names: entries.map(([name]) => name),
    fields: Object.fromEntries(fields),
    file: file && { field, content: await file.text() },
  };
}

/* An application's server. Its answers are JSON envelopes: `{ code, message, data }`. */
async function startApplication(t) {
  const seen = [];
  const waiting = [];
  const url = await startServer(t, async (request, response) => {
    seen.push(request);
    const [, path, number] = /^\/(\w*)(?:\/(\d+))?/.exec(request.url);
    const envelope = (status, content, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(content));
    };
    if (path === 'silent') request.resume();
    if (path === 'silent') return waiting.splice(0).forEach((tell) => tell());
    if (path === 'dropped') return request.socket.destroy();
    if (path === 'bytes') {
      response.setHeader('Content-Type', 'application/octet-stream');
      return response.end('d'.repeat(Number(number)));
    }
    const form = request.method === 'POST' ? await readForm(request) : undefined;
    if (path === 'refused') return envelope(403, { code: 40300, message: 'no such token' });
    if (path === 'empty') return response.writeHead(204).end();
    if (path !== 'upload') return envelope(404, { code: 40400, message: 'no such path' });
    envelope(Number(number || 200), { code: 0, message: 'ok', data: form }, { 'Set-Cookie': ['sid=1; Path=/', 'b=2'] });
  });
  /* `silent()` resolves when a request for `/silent` arrives, which is never answered. */
  return { url, seen, silent: () => new Promise((resolve) => waiting.push(resolve)) };
}

/* An object store that accepts forms, as Tencent's COS: https://cloud.tencent.com/document/product/436/14690. */
async function startObjectStore(t, { secretId, secretKey } = {}) {
  const objects = new Map();
  const seen = [];
  const waiting = [];
  const url = await startServer(t, async (request, response) => {
    seen.push(request);
    const fail = (status, code) => {
      response.writeHead(status, { 'Content-Type': 'application/xml', 'x-cos-request-id': 'NjE=' });
      response.end(`<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    };
    if (request.method === 'GET') {
      const content = objects.get(decodeURIComponent(request.url.slice(1).split('?')[0]));
      return content === undefined ? fail(404, 'NoSuchKey') : response.end(content);
    }
    const form = await readForm(request);
    const { key, success_action_status: status, Signature: signature } = form.fields;
    if (key === 'silent') return waiting.splice(0).forEach((tell) => tell());
    if (!key) return fail(400, 'InvalidArgument');
    if (form.names.at(-1) !== 'file') return fail(400, 'MalformedPOSTRequest');
    if (secretKey && !isSigned(signature, request, secretId, secretKey)) return fail(403, 'SignatureDoesNotMatch');
    objects.set(key, form.file.content);
    const etag = `"${createHash('md5').update(form.file.content).digest('hex')}"`;
    response.setHeader('ETag', etag);
    if (status === '201') {
      response.writeHead(201, { 'Content-Type': 'application/xml' });
      return response.end(`<PostResponse><Key>${key}</Key><ETag>${etag}</ETag></PostResponse>`);
    }
    response.writeHead(status === '200' ? 200 : 204).end();
  });
  return { url, objects, seen, silent: () => new Promise((resolve) => waiting.push(resolve)) };
}

/* The signature of COS for a received request: https://cloud.tencent.com/document/product/436/7778. */
function isSigned(signature, request, secretId, secretKey) {
  const parts = Object.fromEntries(String(signature).split('&').map((part) => part.split(/=(.*)/)));
  if (parts['q-ak'] !== secretId) return false;
  const headers = parts['q-header-list'].split(';').filter(Boolean)
    .map((name) => `${name}=${encodeURIComponent(request.headers[name] || '')}`).join('&');
  const digest = createHash('sha1').update(`post\n${request.url}\n\n${headers}\n`).digest('hex');
  const signKey = createHmac('sha1', secretKey).update(parts['q-key-time']).digest('hex');
  const expected = createHmac('sha1', signKey).update(`sha1\n${parts['q-sign-time']}\n${digest}\n`).digest('hex');
  return parts['q-signature'] === expected;
}

module.exports = { readForm, startApplication, startObjectStore };
