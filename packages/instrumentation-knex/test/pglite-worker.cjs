// PGlite on a thread of its own: it loads its program with a dynamic import, which jest's modules don't have.
const { parentPort } = require('node:worker_threads');
const { PGlite } = require('@electric-sql/pglite');

const opened = PGlite.create();

parentPort.on('message', async ({ id, text, values }) => {
  try {
    const { rows, affectedRows } = await (await opened).query(text, values);
    parentPort.postMessage({ id, answer: { rows, affectedRows } });
  } catch ({ message, code }) {
    parentPort.postMessage({ id, failure: { message, code } });
  }
});
