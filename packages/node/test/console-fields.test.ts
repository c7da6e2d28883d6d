import { type DiagLogger, diag } from '@opentelemetry/api';
import { addConsoleFields } from '../src/console-fields.ts';

test('a console that is not Node’s own, as in Jest, is left unchanged, and this is reported', () => {
  const warn = jest.fn();
  diag.setLogger({ warn } as unknown as DiagLogger);
  const before = Reflect.ownKeys(console).map((key) => Reflect.get(console, key));
  const undo = addConsoleFields('text');
  expect(Reflect.ownKeys(console).map((key) => Reflect.get(console, key))).toEqual(before);
  undo();
  diag.disable();
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining('not the one of Node.js: its output gets no ids')],
  ]);
});
