// A child process or a worker thread: says with a span of its own who started it.
const { workerData } = require('node:worker_threads');
const { trace } = require('@opentelemetry/api');

const name = workerData ?? process.argv[2];
trace.getTracer('test').startSpan(name).end();
