import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPropagator, w3cTraceContext } from '@clew/core';
import { osprofilerFormat, osprofilerPoints } from '@clew/osprofiler';

const examples = [
  ...readFileSync(join(__dirname, '..', 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs),
].map(([, example = '']) => example.replaceAll(/^import .*$/gm, ''));

test('the example of the wire format runs', () => {
  const printed: unknown[] = [];
  const console = { log: (line: unknown) => printed.push(line) };
  run(examples[0], { createPropagator, w3cTraceContext, osprofilerFormat, console });
  expect(printed).toEqual(['traceparent tracestate x-trace-info x-trace-hmac']);
});

test('the example of trace points configures a span processor', () => {
  const init = jest.fn();
  run(examples[1], { init, osprofilerFormat, osprofilerPoints });
  const format = expect.objectContaining({ name: 'osprofiler' });
  expect(init.mock.calls).toEqual([
    [
      {
        propagation: { extract: [format, 'tracecontext'], inject: ['tracecontext', format] },
        spanProcessors: [expect.objectContaining({ onEnd: expect.any(Function) })],
      },
    ],
  ]);
});

function run(example: string | undefined, names: object): void {
  new Function(...Object.keys(names), example ?? '')(...Object.values(names));
}
