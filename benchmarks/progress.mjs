/**
 * Shows the progress of the run in one line on standard error; without a terminal, in one line for each program.
 */
export function progressLine(stream = process.stderr) {
  const begin = performance.now();
  let lastPart;
  return {
    /** @param {string} step `PART: the current step` */
    show(step) {
      const part = step.split(':', 1)[0];
      const text = `[${Math.round((performance.now() - begin) / 1000)} s] ${step}`;
      if (stream.isTTY) stream.write(`\r\x1b[K${text}`);
      else if (part !== lastPart)
        stream.write(`[${Math.round((performance.now() - begin) / 1000)} s] ${part} …\n`);
      lastPart = part;
    },
    clear() {
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
