// Values that are bound by name and by position in one call.
import * as nodeSqlite from 'node:sqlite';
import { recordSpans } from '@clew/testing';
import { SqliteInstrumentation } from '../src/index.ts';

const recorder = recordSpans();

test('are recorded by name or position, and removed from messages of errors', async () => {
  const plugin = new SqliteInstrumentation({ recordParameters: ['0', 'label'] });
  plugin.instrument(nodeSqlite);
  const db = new nodeSqlite.DatabaseSync(':memory:');
  db.function('refuse', (value) => {
    throw new Error(`refused ${value}`);
  });
  const statement = db.prepare('SELECT refuse($secret), $label, ?');
  expect(() => statement.all({ $secret: 'hunter2', label: 'red' }, 2)).toThrow('refused hunter2');
  plugin.disable();
  db.close();
  const span = recorder.spans().at(-1)!;
  expect(span.attributes).toMatchObject({ 'db.query.parameter.0': '2', 'db.query.parameter.label': 'red' });
  expect(span.status.message).toBe('refused ?');
  expect(JSON.stringify(span)).not.toContain('hunter2');
});
