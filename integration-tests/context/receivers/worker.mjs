import './install.mjs';
import { parentPort } from 'node:worker_threads';
import { openMessage } from '@clew/core';
import { currentTrace } from '../current-trace.mjs';

parentPort.on('message', (received) =>
  openMessage(received, async ({ id }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    parentPort.postMessage({ id, traceId: currentTrace() });
  }),
);
