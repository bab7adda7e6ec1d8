'use strict';

/*
 * Object stores whose forms contain a policy from an application's server: which object may be written, its size, and until
 * when. The store checks the policy's signature, and then that the form satisfies the policy.
 *
 * OSS: https://www.alibabacloud.com/help/en/oss/developer-reference/postobject
 * COS: https://cloud.tencent.com/document/product/436/14690
 * S3: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
const assert = require('node:assert/strict');
const { createHash, createHmac } = require('node:crypto');
const { readForm } = require('./servers.js');
const { CONTENT } = require('./site.js');
const { startServer } = require('../tests/servers.js');

const ID = 'AKIDexample';
const SECRET = 'secret-key-example';
const hmac = (algorithm, key, text, encoding) => createHmac(algorithm, key).update(text).digest(encoding);

/* The other fields of each store's form: the signer, and the signature of the policy. */
const KINDS = {
  OSS: {
    who: { OSSAccessKeyId: ID },
    signed: 'Signature',
    sign: (policy, fields, secret) => hmac('sha1', secret, policy, 'base64'),
    /* Fields that the policy does not mention are allowed. */
    isFree: () => true,
  },
  COS: {
    who: { 'q-sign-algorithm': 'sha1', 'q-ak': ID, 'q-key-time': '1700000000;4000000000' },
    signed: 'q-signature',
    sign: (policy, fields, secret) => hmac('sha1', hmac('sha1', secret, fields['q-key-time'], 'hex'),
      createHash('sha1').update(Buffer.from(policy, 'base64')).digest('hex'), 'hex'),
    isFree: () => true,
  },
  S3: {
    who: {
      'x-amz-algorithm': 'AWS4-HMAC-SHA256', 'x-amz-credential': `${ID}/20231115/ap-test-1/s3/aws4_request`, 'x-amz-date': '20231115T000000Z',
    },
    signed: 'x-amz-signature',
    sign: (policy, fields, secret) => {
      const scope = fields['x-amz-credential'].split('/').slice(1);
      return hmac('sha256', scope.reduce((key, part) => hmac('sha256', key, part), `AWS4${secret}`), policy, 'hex');
    },
    isFree: (name) => name === 'x-amz-signature' || name.startsWith('x-ignore-'),
  },
};

class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

const denied = (reason) => new Refused(403, 'AccessDenied', `Invalid according to Policy: ${reason}`);

function readPolicy(encoded) {
  let document;
  try {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw new Error('no base64');
    document = JSON.parse(Buffer.from(encoded, 'base64'));
  } catch (error) {
    throw new Refused(400, 'InvalidPolicyDocument', `Invalid Policy: ${error.message}`);
  }
  if (!Array.isArray(document.conditions) || Number.isNaN(Date.parse(document.expiration))) {
    throw new Refused(400, 'InvalidPolicyDocument', 'Invalid Policy: expiration or conditions are missing');
  }
  return document;
}

/* Checks each condition of the policy against the form. */
function checkCondition(condition, fields, length) {
  const failed = () => denied(`Policy Condition failed: ${JSON.stringify(condition)}`);
  if (!Array.isArray(condition)) {
    for (const [name, value] of Object.entries(condition)) if (fields[name.toLowerCase()] !== value) throw failed();
    return Object.keys(condition);
  }
  const [operator, name, value] = condition;
  if (operator === 'content-length-range') {
    if (length < name) throw new Refused(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    if (length > value) throw new Refused(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
    return [];
  }
  const given = fields[name.slice(1).toLowerCase()];
  const holds = { eq: () => given === value, 'starts-with': () => given !== undefined && given.startsWith(value) }[operator];
  if (!holds) throw new Refused(400, 'InvalidPolicyDocument', `Invalid Policy: unknown operation ${operator}`);
  if (!holds()) throw failed();
  return [name.slice(1)];
}

function checkForm(kind, form) {
  const { who, signed, sign, isFree } = KINDS[kind];
  const fields = Object.fromEntries(Object.entries(form.fields).map(([name, value]) => [name.toLowerCase(), value]));
  if (!form.file || form.file.field !== 'file' || form.names.at(-1) !== 'file') {
    throw new Refused(400, 'MalformedPOSTRequest', 'The last field of the form is its file');
  }
  if (!fields.key) throw new Refused(400, 'InvalidArgument', 'Bucket POST must contain a field named key');
  if (!fields.policy) throw new Refused(403, 'AccessDenied', 'The form has no policy');
  for (const [name, value] of Object.entries(who)) {
    if (fields[name.toLowerCase()] !== value) throw new Refused(403, 'InvalidAccessKeyId', 'The access key is not known');
  }
  if (fields[signed.toLowerCase()] !== sign(fields.policy, fields, SECRET)) {
    throw new Refused(403, 'SignatureDoesNotMatch', 'The signature does not match');
  }
  const { expiration, conditions } = readPolicy(fields.policy);
  if (Date.parse(expiration) <= Date.now()) throw denied('Policy expired.');
  const named = conditions.flatMap((condition) => checkCondition(condition, fields, Buffer.byteLength(form.file.content)));
  const covered = new Set([...named.map((name) => name.toLowerCase()), 'policy']);
  const extra = Object.keys(fields).filter((name) => !covered.has(name) && !isFree(name));
  if (extra.length) throw denied(`Extra input fields: ${extra.join(', ')}`);
  return fields;
}

async function startStore(t, kind) {
  const objects = new Map();
  const url = await startServer(t, async (request, response) => {
    const answer = (status, xml, headers = {}) => {
      response.writeHead(status, { ...(xml && { 'Content-Type': 'application/xml' }), ...headers });
      response.end(xml && `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
    };
    const form = await readForm(request);
    try {
      const { key, success_action_status: status } = checkForm(kind, form);
      objects.set(key, form.file.content);
      const etag = `"${createHash('md5').update(form.file.content).digest('hex').toUpperCase()}"`;
      const place = `<Location>${url}/${encodeURIComponent(key)}</Location><Bucket>b</Bucket><Key>${key}</Key><ETag>${etag}</ETag>`;
      /* Any other value counts as missing. */
      if (status === '201') answer(201, `<PostResponse>${place}</PostResponse>`, { ETag: etag });
      else answer(status === '200' ? 200 : 204, undefined, { ETag: etag });
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      answer(refused.status, `<Error><Code>${refused.code}</Code><Message>${refused.message}</Message><RequestId>1</RequestId></Error>`);
    }
  });
  return { url, objects };
}

/* The form that an application's server sends to its page. `change` modifies it, as a wrong server or page would. */
function formOf(kind, key, more, change = {}) {
  const { who, signed, sign } = KINDS[kind];
  const conditions = [
    { bucket: 'b' }, ['starts-with', '$key', 'user/'], ['content-length-range', 1, CONTENT.length],
    ...Object.entries({ ...who, ...more }).map(([name, value]) => ['eq', `$${name}`, value]), ...(change.conditions || []),
  ];
  const expiration = change.expiration || new Date(Date.now() + 3600_000).toISOString();
  const policy = change.policy || Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
  const fields = { bucket: 'b', key, policy, ...who, ...more };
  return { ...fields, [signed]: sign(policy, fields, change.secret || SECRET), ...change.fields };
}

/* The runs of a package. `upload` resolves with the `statusCode` and the text `data` of any answer. */
function policyRuns(upload) {
  const sent = (site, store, formData) => upload(site, { url: `${store.url}/`, filePath: site.filePath, name: 'file', formData });
  return {
    'form policies of OSS, COS and S3: answers 200, 201 and 204': async (t, site) => {
      for (const kind of Object.keys(KINDS)) {
        const store = await startStore(t, kind);
        for (const [status, expected] of [['200', 200], ['201', 201], ['204', 204], [undefined, 204]]) {
          const key = `user/图 ${status}.txt`;
          const { statusCode, data } = await sent(site, store, formOf(kind, key, status && { success_action_status: status }));
          assert.equal(statusCode, expected, `${kind} ${data}`);
          assert.equal(store.objects.get(key), CONTENT);
          if (expected === 201) assert.match(data, /^<\?xml [^]*<Key>user\/图 201\.txt<\/Key><ETag>"[0-9A-F]{32}"<\/ETag>/);
          else assert.equal(data, '');
        }
      }
    },
    'form policies that do not hold: XML errors': async (t, site) => {
      for (const kind of Object.keys(KINDS)) {
        const store = await startStore(t, kind);
        const key = 'user/a';
        for (const [status, code, form] of [
          [403, 'AccessDenied', formOf(kind, 'others/a')],
          [403, 'AccessDenied', formOf(kind, key, {}, { expiration: '2020-01-01T00:00:00.000Z' })],
          [403, 'AccessDenied', formOf(kind, key, { success_action_status: '201' }, { fields: { success_action_status: '200' } })],
          [403, 'AccessDenied', formOf(kind, key, {}, { conditions: [{ 'x-page': 'yes' }] })],
          [400, 'EntityTooLarge', formOf(kind, key, {}, { conditions: [['content-length-range', 1, 10]] })],
          [400, 'EntityTooSmall', formOf(kind, key, {}, { conditions: [['content-length-range', 1e6, 1e7]] })],
          [403, 'SignatureDoesNotMatch', formOf(kind, key, {}, { secret: 'wrong' })],
          [403, 'SignatureDoesNotMatch', formOf(kind, key, {}, { fields: { policy: formOf(kind, key, { a: 'b' }).policy } })],
          [400, 'InvalidPolicyDocument', formOf(kind, key, {}, { policy: '{}' })],
          [400, 'InvalidPolicyDocument', formOf(kind, key, {}, { policy: Buffer.from('{"conditions":').toString('base64') })],
          [400, 'InvalidPolicyDocument', formOf(kind, key, {}, { policy: Buffer.from('{"conditions":[]}').toString('base64') })],
          ...(kind === 'S3' ? [[403, 'AccessDenied', formOf(kind, key, {}, { fields: { extra: 'of the page' } })]] : []),
        ]) {
          const { statusCode, data } = await sent(site, store, form);
          assert.equal(statusCode, status, `${kind} ${code} ${data}`);
          assert.match(data, new RegExp(`^<\\?xml [^]*<Error><Code>${code}</Code>`), kind);
        }
        assert.equal(store.objects.size, 0);
      }
    },
  };
}

module.exports = { policyRuns };
