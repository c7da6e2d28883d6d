/**
 * The child's side of children.mjs: calls of the parent, by name, over the IPC channel. The process ends with its
 * parent.
 *
 * @param {Record<string, (...args: any[]) => unknown>} methods
 */
module.exports = function answer(methods) {
  process.on('message', async ({ id, method, args }) => {
    try {
      process.send({ id, result: await methods[method](...args) });
    } catch (error) {
      process.send({ id, error: error?.stack ?? String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
};
