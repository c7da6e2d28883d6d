// Ends in the requested way, with a span that has not been sent yet. Does not use Clew itself.
import { createRequire } from 'node:module';

const [way = 'falls off', ...rest] = process.argv.slice(2);
const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
trace.getTracer('program').startSpan('last span').end();
console.log('hello');
console.error('written by the application');

const stay = () => setInterval(() => {}, 1000);
const ways = {
  'falls off': () => {},
  'sets a status': () => {
    process.exitCode = 3;
  },
  'process.exit()': () => process.exit(Number(rest[0])),
  'process.exit() later': () => setTimeout(() => process.exit(4), 10),
  throws: () => {
    throw new Error('on purpose');
  },
  rejects: () => {
    void Promise.reject(new Error('on purpose'));
  },
  'a signal': () => {
    stay();
    console.log('ready');
  },
  'a signal with a listener': () => {
    const staying = stay();
    process.on(rest[0], () => {
      console.log('listener');
      clearInterval(staying);
    });
    console.log('ready');
  },
  'a signal with a listener that exits': () => {
    stay();
    process.once(rest[0], () => process.exit(5));
    console.log('ready');
  },
  // As the package `signal-exit` does.
  'a signal with a listener that is alone': () => {
    stay();
    const listener = () => {
      if (process.listeners(rest[0]).length > 1) return;
      process.removeListener(rest[0], listener);
      process.kill(process.pid, rest[0]);
    };
    process.on(rest[0], listener);
    console.log('ready');
  },
  'a signal survived': () => {
    const staying = stay();
    process.once(rest[0], () => {
      setTimeout(() => {
        console.log('continues');
        clearInterval(staying);
      }, 20);
    });
    console.log('ready');
  },
  'beforeExit listener': () => {
    process.on('beforeExit', () => console.log('beforeExit'));
  },
  'beforeExit listener that continues': () => {
    process.once('beforeExit', () => {
      setTimeout(() => trace.getTracer('program').startSpan('later span').end(), 5);
    });
  },
  'exit listener': () => {
    process.on('exit', (code) => {
      console.log('exit', code);
      process.exitCode = 6;
    });
  },
};
ways[way]();
