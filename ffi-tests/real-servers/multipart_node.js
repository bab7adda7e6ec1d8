// For each of WORK/cases: writes the body that Node's own FormData produces (WORK/reference), and the parts that busboy
// reads from the body that was sent (WORK/busboy).
//
//   node multipart_node.js WORK    with busboy in NODE_PATH

'use strict';

const fs = require('node:fs');
const path = require('node:path');
const busboy = require('busboy');

const work = process.argv[2];
const content = fs.readFileSync(path.join(work, 'files/part.bin'));
const texts = fs.readFileSync(path.join(work, 'cases'), 'utf8').split('\0').slice(0, -1);

async function reference([name, filename, field, value]) {
  const form = new FormData();
  form.append(field, value);
  form.append(name, new File([content], filename, { type: 'application/octet-stream' }), filename);
  return Buffer.from(await new Response(form).arrayBuffer());
}

function read(body) {
  const boundary = body.subarray(2, body.indexOf('\r\n')).toString();
  return new Promise((resolve, reject) => {
    const parser = busboy({
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      defParamCharset: 'utf8',
      preservePath: true,
      limits: { fieldNameSize: 1 << 20 },
    });
    const parts = [];
    parser.on('field', (name, value) => {
      parts.push({ name, filename: null, content: Buffer.from(value).toString('hex') });
    });
    parser.on('file', (name, stream, { filename }) => {
      const part = { name, filename: filename ?? null, content: '' };
      parts.push(part);
      stream.on('data', (data) => (part.content += data.toString('hex')));
    });
    parser.on('close', () => resolve(parts));
    parser.on('error', reject);
    parser.end(body);
  });
}

async function main() {
  for (let number = 0; number * 4 < texts.length; number++) {
    const name = String(number);
    fs.writeFileSync(path.join(work, 'reference', name), await reference(texts.slice(number * 4, number * 4 + 4)));
    const parts = await read(fs.readFileSync(path.join(work, 'bodies', name)));
    fs.writeFileSync(path.join(work, 'busboy', name), JSON.stringify(parts));
  }
}

main();
