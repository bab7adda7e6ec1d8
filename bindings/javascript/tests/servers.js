'use strict';

/* The servers for a page's calls. */
const { spawn } = require('node:child_process');
const http = require('node:http');
const net = require('node:net');
const readline = require('node:readline');

/* The project's test servers, by the names that the program prints. They end when its standard input closes. */
async function startTestServers(t) {
  const child = spawn(process.env.WXTRANSFER_TEST_SERVER, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.stdin.end());
  const addresses = {};
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (line === 'ready') break;
    const [name, value] = line.split(/ (.*)/);
    addresses[name] = value;
  }
  return addresses;
}

async function listen(t, server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    if (server.closeAllConnections) server.closeAllConnections();
  });
  return server.address().port;
}

/* A server whose requests are answered by `answer(request, response)`. Returns its address. */
async function startServer(t, answer) {
  return `http://127.0.0.1:${await listen(t, http.createServer(answer))}`;
}

/* A proxy that connects every CONNECT to one port of this machine. Returns its address and the requested targets. */
async function startLeadingProxy(t, port) {
  const targets = [];
  const sockets = new Set();
  const server = http.createServer();
  server.on('connect', (request, client, head) => {
    targets.push(request.url);
    const upstream = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  return { url: `http://127.0.0.1:${await listen(t, server)}`, targets };
}

module.exports = { startTestServers, startServer, startLeadingProxy };
