// Calls init() with each invalid option, then with a valid one, which earlier calls must not affect.
import { type InitOptions, init } from '@clew/node';
import { trace } from '@opentelemetry/api';
import { WRONG_OPTIONS } from '../option-cases.ts';

const messages = WRONG_OPTIONS.map(([options]) => {
  try {
    init(options as InitOptions);
    return 'nothing was thrown';
  } catch (fault) {
    return fault instanceof TypeError ? fault.message : `not a TypeError: ${fault}`;
  }
});
init({ exporter: false, discover: false });
const recording = trace.getTracer('t').startSpan('s').isRecording();
process.stdout.write(JSON.stringify({ messages, recording }));
