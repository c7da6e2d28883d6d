import http from 'node:http';
import { answering, httpServerSuite, listenOn } from '@clew/testing';
import { HttpInstrumentation } from '../src/index.ts';

httpServerSuite({
  name: 'node:http',
  instrument: (options) => {
    const instance = new HttpInstrumentation(options);
    instance.instrument(http);
    return instance;
  },
  functions: () => [http.Server.prototype.emit],
  listen: (handler) => listenOn(http.createServer(answering(handler))),
});
