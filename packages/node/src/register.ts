import { guard } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import { initAt } from './init.ts';
import { ensureLogger } from './log.ts';

// The preload: `node --import @clew/node/register app.js`, or `--require`, or in NODE_OPTIONS.
// Whatever goes wrong here, the application starts.
try {
  initAt('before the program');
} catch (fault) {
  guard('setting a logger', () => ensureLogger(undefined));
  diag.error('@clew/node: could not start, the application runs untraced', fault);
}
