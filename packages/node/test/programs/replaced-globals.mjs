// Ends a span in an application that replaces or deletes globals. Does not use Clew itself.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { trace } = require('@opentelemetry/api');
const [what, end] = process.argv.slice(2);
const { setTimeout: later, setInterval: stay, clearInterval: leave } = globalThis;
const staying = stay(() => {}, 1000);
// A background error of Clew must not be reported here.
process.on('uncaughtException', (error) => console.log('uncaught', error));

const NAMES = ['setImmediate', 'setTimeout', 'clearTimeout', 'performance', 'Buffer', 'Date', 'URL'];
const trap = () => {
  throw new Error('replaced');
};
// Node's own sockets stop working if `process.nextTick` is faked.
const fake = () =>
  require('@sinonjs/fake-timers').install({ now: 0, toNotFake: ['nextTick', 'queueMicrotask'] });
const changes = {
  nothing: () => {},
  'fake timers': fake,
  'fake timers for a moment': fake,
  deleted: () => {
    for (const name of NAMES) delete globalThis[name];
  },
  replaced: () => {
    for (const name of NAMES) Object.defineProperty(globalThis, name, { value: trap });
  },
};
const clock = changes[what]();
trace.getTracer('application').startSpan('first').end();
trace.getTracer('application').startSpan('open');
if (what === 'fake timers for a moment') clock.uninstall();
const ends = {
  'falls off its end': () => leave(staying),
  'process.exit()': () => process.exit(3),
  'a signal': () => console.log('ready'),
  'a listener for a signal': () => {
    process.on('SIGTERM', () => leave(staying));
    console.log('ready');
  },
};
// By then, the first span has been exported.
later(() => ends[end](), 300);
