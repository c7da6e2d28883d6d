/** One line on the standard error that tells how far the run is; on no terminal, a line for each program. */
export function progressLine(stream = process.stderr) {
  const begin = performance.now();
  let lastPart;
  return {
    /** @param {string} step `PART: what is going on` */
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
