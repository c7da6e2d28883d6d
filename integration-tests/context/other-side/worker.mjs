import './start.mjs';
import { parentPort } from 'node:worker_threads';
import { openMessage } from '@clew/core';
import { currentTrace } from '../trace-of.mjs';

parentPort.on('message', (received) =>
  openMessage(received, async ({ id }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    parentPort.postMessage({ id, traceId: currentTrace() });
  }),
);
