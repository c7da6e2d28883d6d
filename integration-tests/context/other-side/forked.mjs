import './start.mjs';
import { openMessage } from '@clew/core';
import { currentTrace } from '../trace-of.mjs';

process.on('message', (received) =>
  openMessage(received, async ({ id }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    process.send({ id, traceId: currentTrace() });
  }),
);
