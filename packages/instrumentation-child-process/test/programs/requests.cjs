// Two concurrent requests, each with a child of every kind; the children use the preload.
const { once } = require('node:events');
const { join } = require('node:path');
const { trace } = require('@opentelemetry/api');

const child = join(__dirname, 'child.cjs');

exports.serve = ({ execFile, execSync, fork, spawn, spawnSync, Worker }) => {
  const request = (name) =>
    trace.getTracer('test').startActiveSpan(`request ${name}`, async (span) => {
      const worker = new Worker(child, { workerData: `worker ${name}` });
      const children = [
        spawn(process.execPath, [child, `spawn ${name}`], { stdio: 'inherit' }),
        execFile(process.execPath, [child, `execFile ${name}`]),
        fork(child, [`fork ${name}`]),
      ];
      const ends = [worker, ...children].map((each) => once(each, 'exit'));
      spawnSync(process.execPath, [child, `spawnSync ${name}`], { stdio: 'inherit' });
      execSync(`"${process.execPath}" "${child}" "execSync ${name}"`, { stdio: 'inherit' });
      await Promise.all(ends);
      span.end();
    });
  return Promise.all(['A', 'B'].map(request));
};
