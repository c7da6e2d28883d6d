import './install.mjs';
import { openMessage } from '@clew/core';
import { currentTrace } from '../current-trace.mjs';

process.on('message', (received) =>
  openMessage(received, async ({ id }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    process.send({ id, traceId: currentTrace() });
  }),
);
