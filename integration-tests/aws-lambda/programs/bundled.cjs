// The exports of esbuild, which can't be replaced.
const __defProp = Object.defineProperty;
const __copyProps = (to, from) => {
  for (const key of Object.keys(from)) __defProp(to, key, { get: () => from[key], enumerable: true });
  return to;
};
const exported = require('./handlers.cjs').createHandlers();
module.exports = __copyProps(__defProp({}, '__esModule', { value: true }), exported);
// For the names of an import.
// biome-ignore lint/suspicious/noAssignInExpressions: as esbuild writes it
0 && (module.exports = { respond, fail, hang });
