// Exits with a queued span, in a process that can do little when it exits. Does not use Clew itself.
import { openSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';

const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
const [state, first] = process.argv.slice(2);
const states = {
  'as usual': () => {},
  'without its executable': () => unlinkSync(process.execPath),
  'without descriptors': () => {
    for (;;) openSync('/dev/null');
  },
};
function finish() {
  trace.getTracer('application').startSpan('last').end();
  try {
    states[state]();
  } catch (error) {
    console.log(error.code);
  }
  process.exit(3);
}
if (first === 'after an export') {
  trace.getTracer('application').startSpan('first').end();
  const staying = setInterval(() => {}, 1000);
  process.once('SIGUSR2', () => {
    clearInterval(staying);
    // By then, the response to the export has been read.
    setTimeout(finish, 50);
  });
} else finish();
