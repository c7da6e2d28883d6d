import { guard } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';
import { initAt } from './init.ts';
import { ensureLogger } from './log.ts';

// The preload: `node --import @clew/node/register app.js`, or with `--require`, or in NODE_OPTIONS.
// The application must start even if tracing cannot.
try {
  initAt('before the application');
} catch (fault) {
  guard('setting a logger', () => ensureLogger(undefined));
  diag.error('@clew/node: could not start; the application runs without tracing', fault);
}
