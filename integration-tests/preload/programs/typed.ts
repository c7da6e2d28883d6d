// An application in TypeScript, whose types Node strips.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';

const app = express();
app.get('/orders/:id', (request: Request, response: Response) => {
  response.json({ pieces: Number(request.params.id) });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const [response] = (await once(get({ port, host: '127.0.0.1', path: '/orders/7' }), 'response')) as [
  IncomingMessage,
];
for await (const chunk of response) process.stdout.write(chunk);
server.close();
