import './start.mjs';
import { openMessage } from '@clew/core';
import { currentTrace } from '../trace-of.mjs';

export default (task) =>
  openMessage(task, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return currentTrace();
  });
