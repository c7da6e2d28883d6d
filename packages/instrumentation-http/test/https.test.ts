import http from 'node:http';
import https from 'node:https';
import { httpClientSuite, httpServerSuite, listenOn, requestListener } from '@clew/testing';
import { generate } from 'selfsigned';
import { HttpInstrumentation } from '../src/index.ts';
import { callWith } from './call.ts';

const instrument = (options?: object) => {
  const instance = new HttpInstrumentation(options);
  instance.instrument(http);
  instance.instrument(https, 'https');
  return instance;
};

const generated = generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
const tls = () => generated.then(({ private: key, cert }) => ({ key, cert }));

httpServerSuite({
  name: 'node:https',
  instrument,
  functions: () => [https.Server.prototype.emit],
  listen: async (handler) => listenOn(https.createServer(await tls(), requestListener(handler)), 'https'),
});

httpClientSuite({
  name: 'node:https',
  instrument,
  functions: () => [http.IncomingMessage.prototype.emit],
  options: { disableIncomingRequestInstrumentation: true },
  tls,
  call: callWith(https),
});
