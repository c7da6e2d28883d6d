import http from 'node:http';
import { join } from 'node:path';
import { httpClientSuite, httpServerSuite, listenOn, manifestSuite, requestListener } from '@clew/testing';
import { HttpInstrumentation } from '../src/index.ts';
import { callWith } from './call.ts';

const instrument = (options?: object) => {
  const instance = new HttpInstrumentation(options);
  instance.instrument(http);
  return instance;
};

httpServerSuite({
  name: 'node:http',
  instrument,
  functions: () => [http.Server.prototype.emit],
  listen: (handler) => listenOn(http.createServer(requestListener(handler))),
});

httpClientSuite({
  name: 'node:http',
  instrument,
  functions: () => [http.ClientRequest.prototype.emit, http.IncomingMessage.prototype.emit],
  options: { disableIncomingRequestInstrumentation: true },
  call: callWith(http),
});

manifestSuite(join(__dirname, '..'), { HttpInstrumentation });
