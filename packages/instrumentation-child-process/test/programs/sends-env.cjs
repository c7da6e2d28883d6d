const { parentPort } = require('node:worker_threads');
const { TRACEPARENT = 'none', BAGGAGE = 'none' } = process.env;

parentPort.postMessage(`${TRACEPARENT} ${BAGGAGE}`);
