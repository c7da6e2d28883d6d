import './install.mjs';
import { openMessage } from '@clew/core';
import { currentTrace } from '../current-trace.mjs';

export default (task) =>
  openMessage(task, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return currentTrace();
  });
