/**
 * The child's side of children.mjs: serves the parent's calls by method name over the IPC channel. The process
 * exits with its parent.
 *
 * @param {Record<string, (...args: any[]) => unknown>} methods
 */
module.exports = function serveCalls(methods) {
  process.on('message', async ({ id, method, args }) => {
    try {
      process.send({ id, result: await methods[method](...args) });
    } catch (error) {
      process.send({ id, error: error?.stack ?? String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
};
