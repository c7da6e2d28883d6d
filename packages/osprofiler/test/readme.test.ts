import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPropagator, w3cTraceContext } from '@clew/core';
import { osprofilerFormat } from '@clew/osprofiler';

test('the example of the README runs', () => {
  const [, example = ''] =
    /```js\n(.*?)```/s.exec(readFileSync(join(__dirname, '..', 'README.md'), 'utf8')) ?? [];
  const printed: unknown[] = [];
  const program = example.replaceAll(/^import .*$/gm, '');
  const run = new Function('createPropagator', 'w3cTraceContext', 'osprofilerFormat', 'console', program);
  run(createPropagator, w3cTraceContext, osprofilerFormat, { log: (line: unknown) => printed.push(line) });
  expect(printed).toEqual(['traceparent tracestate x-trace-info x-trace-hmac']);
});
